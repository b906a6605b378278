//! Every setting of `.env.example` has a test that shows what it does.

mod doors;
mod effects;
mod table;
