"""The optical table and its instruments as state and motion, on one virtual clock."""
