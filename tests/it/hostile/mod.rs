//! Logs that are wrong: cut, changed, endless, made to fill the memory or the screen. Whatever the bytes are,
//! every record is counted, the outcome does not depend on how they were read, and nothing grows with them.

mod changing;
mod documents;
mod elements;
mod files;
mod killed;
mod memory;
pub(crate) mod mutate;
mod outputs;
pub(crate) mod property;
mod readers;
mod screen;
pub(crate) mod seeds;
mod tree;
mod watched;
