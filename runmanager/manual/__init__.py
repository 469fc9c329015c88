"""Manual control of the bench: a process of its own that holds the instruments while a person moves them by hand.

``role_table`` what can be read and set of each role · ``controls`` such a table bound to an instrument ·
``session`` the bench with its guards and interlocks · ``service`` the process · ``client`` the other end of its pipe ·
``messages`` what goes through the pipe · ``handover`` how a run gets the bench back.
"""
