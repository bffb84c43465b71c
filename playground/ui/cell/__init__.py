"""The Cell page: one step, number by number. One file a panel."""
