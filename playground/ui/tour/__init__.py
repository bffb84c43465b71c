"""The tour: scenes as data, their words, what is measured in them, and the card that shows one."""
