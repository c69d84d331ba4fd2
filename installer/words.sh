# shellcheck shell=sh
# The first 128 bits of a SHA-256 in hex as eight words one can read out (arXiv:0901.4016): part of
# run.sh and of sign.sh.
words_of() {
  printf '%s' "$1" | cut -c 1-32 | awk '{
    consonants = "bdfghjklmnprstvz"; vowels = "aiou"; hex = "0123456789abcdef"
    for (word = 0; word < 8; ++word) {
      number = 0
      for (i = 1; i <= 4; ++i)
        number = number * 16 + index(hex, substr($0, word * 4 + i, 1)) - 1
      text = substr(consonants, int(number / 4096) % 16 + 1, 1) \
        substr(vowels, int(number / 1024) % 4 + 1, 1) \
        substr(consonants, int(number / 64) % 16 + 1, 1) \
        substr(vowels, int(number / 16) % 4 + 1, 1) substr(consonants, number % 16 + 1, 1)
      printf "%s%s", (word ? "-" : ""), text
    }
    print ""
  }'
}
