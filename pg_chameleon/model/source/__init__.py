"""What MySQL and MariaDB mean by their words: types, character sets, modes, literals. Each fact stands here once."""
