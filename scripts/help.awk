# Prints each target of a Makefile that has a `##` note; a line that opens with `##@` is a heading.
BEGIN { FS = ":.*## " }
/^##@/ { printf "\n%s\n", substr($0, 5); next }
/^[a-z][a-z0-9-]*:.*## / { printf "  %-19s %s\n", $1, $2 }
