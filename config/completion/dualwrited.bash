# dualwrited.bash - completion for bash. What fits is the program's own answer, so that it is that of the installed version.
# `make install` puts it where bash-completion looks; without that: . dualwrited.bash

_dualwrited() {
    local i typed value line words=()

    COMPREPLY=()
    # bash cuts words at "=" and ":": put them together again
    for ((i = 1; i <= COMP_CWORD; i++)); do
        if [[ $i -gt 1 && ( ${COMP_WORDS[i]} == [=:]* || ${COMP_WORDS[i - 1]} == *[=:] ) ]]; then
            words[${#words[@]} - 1]+=${COMP_WORDS[i]}
        else
            words+=("${COMP_WORDS[i]}")
        fi
    done
    typed=${words[${#words[@]} - 1]}
    value=$typed
    [[ $typed != --*=* ]] || value=${typed#*=}
    # shellcheck disable=SC2088 # the shell's own answer for it
    while IFS=$'\t' read -r line _; do
        case $line in
        :file) compopt -o filenames && mapfile -t COMPREPLY < <(compgen -f -- "$value") ;;
        :folder) compopt -o filenames && mapfile -t COMPREPLY < <(compgen -d -- "$value") ;;
        *=)
            compopt -o nospace
            COMPREPLY+=("$line")
            ;;
        --*=*) COMPREPLY+=("${line#*=}") ;;
        *) COMPREPLY+=("$line") ;;
        esac
    done < <("${COMP_WORDS[0]}" completion -- "${words[@]}" 2>/dev/null)
}

complete -F _dualwrited dualwrited
