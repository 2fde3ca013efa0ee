# Written by make docs out of the program's table of options.
# shellcheck shell=bash

_localproxy_offer() {
  [ "$1" = -W ] || compopt -o filenames
  mapfile -t COMPREPLY < <(compgen "$@" -- "$word")
}

_localproxy() {
  local word=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]}
  if [ "$word" = = ]; then
    word=
  elif [ "$option" = = ]; then
    option=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  COMPREPLY=()
  case $option in
    -t | --access-token) : ;;
    --access-token-file) _localproxy_offer -f ;;
    -i | --client-token) : ;;
    -e | --proxy-endpoint) : ;;
    -r | --region) _localproxy_offer -W 'ap-east-1 ap-northeast-1 ap-northeast-2 ap-south-1 ap-southeast-1 ap-southeast-2 ap-southeast-5 ca-central-1 cn-north-1 cn-northwest-1 eu-central-1 eu-north-1 eu-south-1 eu-south-2 eu-west-1 eu-west-2 eu-west-3 il-central-1 me-central-1 me-south-1 sa-east-1 us-east-1 us-east-2 us-gov-east-1 us-gov-west-1 us-west-1 us-west-2' ;;
    -s | --source-listen-port) : ;;
    -d | --destination-app) : ;;
    -m | --mode) _localproxy_offer -W 'src dst' ;;
    -y | --destination-client-type) _localproxy_offer -W 'V1 V2 V3' ;;
    -b | --local-bind-address) : ;;
    -c | --capath) _localproxy_offer -d ;;
    --status) : ;;
    --config) _localproxy_offer -f ;;
    --config-dir) _localproxy_offer -d ;;
    --settings-json) _localproxy_offer -f ;;
    --export-default-settings) _localproxy_offer -f ;;
    -v | --verbose) _localproxy_offer -W '0 1 2 3 4 5 6' ;;
    --log-format) : ;;
    *) _localproxy_offer -W '-t --access-token --access-token-file -i --client-token -e --proxy-endpoint -r --region -s --source-listen-port -d --destination-app -m --mode -y --destination-client-type -b --local-bind-address -c --capath -k --no-ssl-host-verify --status --config --config-dir --settings-json --export-default-settings --force --check -v --verbose --log-format -V --version -h --help' ;;
  esac
}

complete -F _localproxy localproxy
