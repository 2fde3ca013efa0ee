# Written by make docs out of the program's table of options.
# shellcheck shell=bash

_localproxy-agent_offer() {
  [ "$1" = -W ] || compopt -o filenames
  mapfile -t COMPREPLY < <(compgen "$@" -- "$word")
}

_localproxy-agent() {
  local word=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]}
  if [ "$word" = = ]; then
    word=
  elif [ "$option" = = ]; then
    option=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  COMPREPLY=()
  case $option in
    -d | --service) : ;;
    --services) _localproxy-agent_offer -f ;;
    --input) : ;;
    --max-tunnels) : ;;
    --restarts) : ;;
    --children) _localproxy-agent_offer -W 'stay end' ;;
    --state-directory) _localproxy-agent_offer -d ;;
    -r | --region) _localproxy-agent_offer -W 'ap-east-1 ap-northeast-1 ap-northeast-2 ap-south-1 ap-southeast-1 ap-southeast-2 ap-southeast-5 ca-central-1 cn-north-1 cn-northwest-1 eu-central-1 eu-north-1 eu-south-1 eu-south-2 eu-west-1 eu-west-2 eu-west-3 il-central-1 me-central-1 me-south-1 sa-east-1 us-east-1 us-east-2 us-gov-east-1 us-gov-west-1 us-west-1 us-west-2' ;;
    --localproxy) : ;;
    -e | --proxy-endpoint) : ;;
    -c | --capath) _localproxy-agent_offer -d ;;
    --settings-json) _localproxy-agent_offer -f ;;
    -v | --verbose) _localproxy-agent_offer -W '0 1 2 3 4 5 6' ;;
    --log-format) : ;;
    *) _localproxy-agent_offer -W '-d --service --services --input --max-tunnels --restarts --children --state-directory -r --region --localproxy -e --proxy-endpoint -c --capath --settings-json --check -v --verbose --log-format -V --version -h --help' ;;
  esac
}

complete -F _localproxy-agent localproxy-agent
