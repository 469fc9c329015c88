"""What dots are made of: hosts, alloys, isotopes, dopant ions; one table, each entry with source and uncertainty."""
