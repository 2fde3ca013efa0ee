# Written by make docs out of the program's table of options.
# shellcheck shell=bash

_tunneld_offer() {
  [ "$1" = -W ] || compopt -o filenames
  mapfile -t COMPREPLY < <(compgen "$@" -- "$word")
}

_tunneld() {
  local word=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]}
  if [ "$word" = = ]; then
    word=
  elif [ "$option" = = ]; then
    option=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  COMPREPLY=()
  case $option in
    -l | --listen) : ;;
    -D | --directory) _tunneld_offer -d ;;
    --cert) _tunneld_offer -f ;;
    --key) _tunneld_offer -f ;;
    --services) : ;;
    --open) : ;;
    --bandwidth) : ;;
    --latency) : ;;
    --lifetime) : ;;
    --fault) : ;;
    -v | --verbose) _tunneld_offer -W '0 1 2 3 4 5 6' ;;
    *) _tunneld_offer -W '-h --help -V --version -l --listen -D --directory --cert --key --services --open --bandwidth --latency --lifetime --compression --fault -v --verbose' ;;
  esac
}

complete -F _tunneld tunneld
