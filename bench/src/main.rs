//! `compose-relay-bench`; `./dev bench` builds and starts it.

use std::process::ExitCode;

use clap::Parser;
use compose_relay_bench::{interrupt, scene};

/// What the server is measured with: `./dev bench` builds everything for release and starts this.
#[derive(Debug, Parser)]
#[command(name = "./dev bench")]
struct Arguments {
    /// Few rounds and short ones: shows that it works, gives no figures to quote.
    #[arg(long)]
    quick: bool,
    /// The rows to run; all of them when none is named.
    #[arg(value_name = "ROW")]
    rows: Vec<String>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    interrupt::watch();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> anyhow::Result<()> {
    for name in &arguments.rows {
        anyhow::ensure!(
            scene::ALL.iter().any(|scene| scene.name == name),
            "there is no row {name:?}; see ./dev bench --help"
        );
    }
    let bench = scene::Bench { quick: arguments.quick };
    for scene in scene::ALL {
        if arguments.rows.is_empty() || arguments.rows.iter().any(|name| name == scene.name) {
            for line in (scene.run)(&bench)? {
                println!("{}: {}", scene.name, line.text());
            }
        }
    }
    Ok(())
}
