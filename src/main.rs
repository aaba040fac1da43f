//! The `domicile` command.

fn main() {}
