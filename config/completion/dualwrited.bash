# dualwrited.bash - completion for bash. What fits is the program's own answer, so that it is that of the installed version.
# `make install` puts it where bash-completion looks; without that: . dualwrited.bash

_dualwrited() {
    local i typed before value cut line words=()

    COMPREPLY=()
    # bash cuts words at "=" and ":", or not, as COMP_WORDBREAKS says: put them together again
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
    before=${typed%"$value"}
    # what of it stands before the piece that bash puts an answer in the place of
    cut=${COMP_WORDS[COMP_CWORD]}
    [[ $cut != [=:] ]] || cut=
    cut=${typed%"$cut"}
    # shellcheck disable=SC2088 # the shell's own answer for it
    while IFS=$'\t' read -r line _; do
        case $line in
        :file) compopt -o filenames && mapfile -t COMPREPLY < <(compgen -P "$before" -f -- "$value") ;;
        :folder) compopt -o filenames && mapfile -t COMPREPLY < <(compgen -P "$before" -d -- "$value") ;;
        *=)
            compopt -o nospace
            COMPREPLY+=("$line")
            ;;
        *) COMPREPLY+=("$line") ;;
        esac
    done < <("${COMP_WORDS[0]/#\~\//$HOME/}" completion -- "${words[@]}" 2>/dev/null)
    COMPREPLY=("${COMPREPLY[@]#"$cut"}")
}

complete -F _dualwrited dualwrited
