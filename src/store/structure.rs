//! The structure check of `database.md` 9.4.
