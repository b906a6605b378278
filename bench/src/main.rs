//! `compose-relay-bench`; `./dev bench` builds and starts it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use clap::{Parser, Subcommand, ValueEnum};
use compose_relay_bench::contender::{Kind, fastwebsockets, forwarder};
use compose_relay_bench::measure::Times;
use compose_relay_bench::report::Report;
use compose_relay_bench::run::{self, Plan};
use compose_relay_bench::{interrupt, plot, row, scene};

/// The server under load, beside other relays on the same work: CPU for each forwarded frame, latency, memory, and how that
/// stands to the aims. The server has one core for itself; the load comes from this process on another one.
#[derive(Debug, Parser)]
#[command(name = "./dev bench", bin_name = "./dev bench", args_conflicts_with_subcommands = true, after_help = after_help())]
struct Arguments {
    #[command(subcommand)]
    part: Option<Part>,
    /// Two rounds of half a second: shows that everything works, gives no figures to quote.
    #[arg(long)]
    quick: bool,
    /// Rounds; in each one all contenders do all rows. The table has the medians.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds that each contender runs in each row and round, a quarter more to warm up.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// Only these beside compose-relay: haproxy, nginx, nginx-64k, tcp, fastwebsockets, or none.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    only: Vec<String>,
    /// The library that does TLS's cryptography. With aws-lc-rs there is a second server of ours, built with it, wherever TLS
    /// is measured; ring is what the first one has.
    #[arg(long, value_enum, default_value_t = Provider::Ring)]
    provider: Provider,
    /// Count also rounds in which something else ran, and rows that kept no server busy. Such figures are for trying things
    /// out, not to be quoted.
    #[arg(long)]
    noisy: bool,
    /// At the end, once more for each row, count the server's system calls with `perf` (needs root).
    #[arg(long)]
    syscalls: bool,
    /// The rows to run; all of them when none is named.
    #[arg(value_name = "ROW")]
    rows: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Provider {
    Ring,
    AwsLcRs,
}

/// Contenders that are a part of this program. The bench starts them itself.
#[derive(Debug, Subcommand)]
enum Part {
    #[command(hide = true)]
    Forward { to: SocketAddr },
    #[command(hide = true)]
    Fastwebsockets { chain: Option<PathBuf>, key: Option<PathBuf> },
}

fn after_help() -> String {
    let mut text = String::from("Rows:\n");
    for (name, about) in
        row::ALL.iter().map(|row| (row.name, row.about)).chain(scene::ALL.iter().map(|scene| (scene.name, scene.about)))
    {
        text.push_str(&format!("  {name:<12} {about}\n"));
    }
    text.push_str(
        "\n`./dev bench micro` measures the server's parts alone.\n\n\
         A row is reported only when it may be believed: the server was busy for 85 % of its core (where the row can do \
         that), the generator was not the limit, and at least three rounds were not disturbed by something else on the \
         machine. Otherwise the table says why there is no figure. Leave the machine alone while it runs.\n\n\
         Results: the tables here, and load.json, load.svg and scenes.json in target/bench.",
    );
    text
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.part {
        Some(Part::Forward { to }) => forwarder::run(to),
        Some(Part::Fastwebsockets { chain, key }) => fastwebsockets::run(chain.zip(key).map(Into::into)),
        None => {
            interrupt::watch();
            bench(&arguments)
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn bench(arguments: &Arguments) -> Result<()> {
    let named = |name: &str| arguments.rows.is_empty() || arguments.rows.iter().any(|it| it == name);
    for name in &arguments.rows {
        let known = row::ALL.iter().any(|row| row.name == name) || scene::ALL.iter().any(|scene| scene.name == name);
        ensure!(known, "there is no row {name:?}; see ./dev bench --help");
    }
    let mut rows: Vec<_> = row::ALL.iter().filter(|row| named(row.name)).collect();
    // An open loop goes by the rates of another row.
    for gone_by in row::ALL.iter().rev() {
        let wanted = rows.iter().any(|row| matches!(row.pace, row::Pace::Share(_, of) if of == gone_by.name));
        if wanted && !named(gone_by.name) {
            rows.insert(0, gone_by);
        }
    }
    if !rows.is_empty() {
        load(arguments, rows)?;
    }
    let aws_lc_rs = arguments.provider == Provider::AwsLcRs;
    let (mut lines, mut failed) = (Vec::new(), Vec::new());
    for scene in scene::ALL.iter().filter(|scene| named(scene.name)) {
        eprintln!("{}: {}", scene.name, scene.about);
        match (scene.run)(&scene::Bench { quick: arguments.quick, aws_lc_rs }) {
            Ok(seen) => {
                for line in seen {
                    println!("{}: {}", scene.name, line.text());
                    lines.push(Named { scene: scene.name, line });
                }
            }
            // What the others have found out must not be lost.
            Err(error) => {
                interrupt::check()?;
                eprintln!("{}: {error:#}", scene.name);
                failed.push(scene.name);
            }
        }
    }
    if !lines.is_empty() {
        println!("{}", write("scenes.json", &serde_json::to_string_pretty(&lines)?)?.display());
    }
    ensure!(failed.is_empty(), "no figures of {}", failed.join(", "));
    Ok(())
}

/// A line in `scenes.json`.
#[derive(serde::Serialize)]
struct Named {
    scene: &'static str,
    #[serde(flatten)]
    line: scene::Line,
}

/// Writes a result into the directory for them.
fn write(name: &str, text: &str) -> Result<PathBuf> {
    let directory = std::env::current_exe()?.ancestors().nth(2).context("the target directory")?.join("bench");
    std::fs::create_dir_all(&directory).context("making the directory for the results")?;
    let file = directory.join(name);
    std::fs::write(&file, text).with_context(|| format!("writing {}", file.display()))?;
    Ok(file)
}

fn load(arguments: &Arguments, rows: Vec<&'static row::Row>) -> Result<()> {
    let mut only = Vec::new();
    for name in &arguments.only {
        let all = [Kind::ComposeRelay, Kind::Haproxy, Kind::Nginx, Kind::Nginx64k, Kind::Tcp, Kind::Fastwebsockets];
        let found = all.into_iter().find(|kind| kind.name() == name);
        // Nobody else.
        let found = found.or_else(|| (name == "none").then_some(Kind::ComposeRelay));
        only.push(found.with_context(|| format!("there is no contender {name:?}; see ./dev bench --help"))?);
    }
    ensure!(arguments.rounds > 0 && arguments.seconds > 0.0, "nothing to do");
    let (rounds, seconds) = if arguments.quick { (2, 0.5) } else { (arguments.rounds, arguments.seconds) };
    let time = Duration::try_from_secs_f64(seconds).context("--seconds")?;
    let times = Times { warm_up: time / 4, time };
    let cells = run::run(&Plan {
        rows,
        only,
        aws_lc_rs: arguments.provider == Provider::AwsLcRs,
        rounds,
        times,
        noisy: arguments.noisy,
        syscalls: arguments.syscalls,
    })?;
    let report = Report::of(&cells, arguments.noisy);
    print!("\n{}", report.text());
    println!("\n{}", write("load.json", &serde_json::to_string_pretty(&report)?)?.display());
    println!("{}", write("load.svg", &plot::svg(&cells))?.display());
    Ok(())
}
