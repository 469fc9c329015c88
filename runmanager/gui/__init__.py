"""The window. Qt lives here and nowhere else; no physics and no instrument is touched from this process."""
