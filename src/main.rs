//! The `domicile` command.

fn main() -> std::process::ExitCode {
    domicile::cli::main()
}
