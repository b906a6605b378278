//! The migration runner of `database.md` 9.
