//! Counts the instructions of each part of a frame's way and compares them with those in `counts.txt`: unlike time, they are
//! the same on a busy machine. A part that needs 3 % more than written there fails, and so does one that needs 3 % less, so
//! that what was gained is written down and stays.
//!
//! `./dev bench counts`; with `--accept` the numbers of now are written. This program runs itself under valgrind, each case
//! with some and with more repetitions: the difference is free of what starting costs.

#![expect(clippy::expect_used, reason = "a bench that cannot go on ends")]

mod cases;

// The cases are the micro benches' too, which have the whole server.
extern crate compose_relay_parts as compose_relay;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, ExitCode};

/// How much more, or less, is let pass: per hundred.
const TOLERANCE: f64 = 3.0;

/// Repetitions of the two runs; multiples of sixteen, after which a case is where it began.
const SOME: u64 = 16;
const MORE: u64 = 16 + 160;

/// Set for the runs under valgrind.
const RUN: &str = "COMPOSE_RELAY_COUNT";

/// What one case needs each time.
struct Count {
    name: &'static str,
    /// That it goes through.
    bytes: usize,
    instructions: f64,
}

fn main() -> ExitCode {
    if let Ok(run) = std::env::var(RUN) {
        let (place, times) = run.split_once(' ').expect("a case and a number");
        let mut case = cases::all().swap_remove(place.parse().expect("a case's place"));
        (case.run)(times.parse().expect("a number"));
        return ExitCode::SUCCESS;
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("counts.txt");
    let counts: Vec<Count> = cases::all()
        .iter()
        .enumerate()
        .map(|(place, case)| {
            let each = (instructions(place, MORE) - instructions(place, SOME)) as f64 / (MORE - SOME) as f64;
            Count { name: case.name, bytes: case.bytes, instructions: each.round() }
        })
        .collect();
    if std::env::args().any(|argument| argument == "--accept") {
        let text = counts.iter().fold(String::new(), |mut text, Count { name, instructions, .. }| {
            let _ = writeln!(text, "{instructions:>8}  {name}");
            text
        });
        std::fs::write(&file, text).expect("counts.txt can be written");
    }
    if !cfg!(target_arch = "x86_64") {
        println!("counts.txt was made on x86-64: nothing is compared here");
        return ExitCode::SUCCESS;
    }
    compare(&counts, &std::fs::read_to_string(&file).expect("counts.txt"))
}

fn instructions(place: usize, times: u64) -> u64 {
    let program = std::env::current_exe().expect("this program");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        // What a program finds in its environment moves its stack.
        .env_clear()
        .env(RUN, format!("{place} {times}"))
        .output()
        .expect("valgrind; ./dev bench counts installs it");
    let told = String::from_utf8_lossy(&output.stderr);
    let count = told.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok());
    match count {
        Some(count) if output.status.success() => count,
        _ => panic!("valgrind says:\n{told}"),
    }
}

fn compare(counts: &[Count], text: &str) -> ExitCode {
    let lines = text.lines().filter_map(|line| line.trim().split_once("  "));
    let known: BTreeMap<&str, f64> = lines.filter_map(|(count, name)| Some((name, count.parse().ok()?))).collect();
    let mut faults = Vec::new();
    println!("{:<34} {:>10} {:>12} {:>12}", "instructions each time", "bytes", "counts.txt", "now");
    for &Count { name, bytes, instructions } in counts {
        let Some(&before) = known.get(name) else {
            println!("{name:<34} {bytes:>10} {:>12} {instructions:>12}", "-");
            faults.push(format!("'{name}' is not in counts.txt"));
            continue;
        };
        let change = (instructions / before - 1.0) * 100.0;
        println!("{name:<34} {bytes:>10} {before:>12} {instructions:>12} {change:>+7.1} %");
        if change.abs() > TOLERANCE {
            let more = if change > 0.0 { "more" } else { "less" };
            let change = change.abs();
            faults
                .push(format!("'{name}' needs {change:.1} % {more} instructions: {before} before, {instructions} now"));
        }
    }
    let gone = known.keys().filter(|name| counts.iter().all(|count| count.name != **name));
    faults.extend(gone.map(|name| format!("'{name}' is in counts.txt and not counted any more")));
    if faults.is_empty() {
        return ExitCode::SUCCESS;
    }
    eprintln!("\n{}", faults.join("\n"));
    eprintln!(
        "\nIf this is a mistake, `valgrind --tool=callgrind` shows where the instructions are. If it is wanted, say why in the\n\
         commit message and write the new numbers down with: ./dev bench counts --accept"
    );
    ExitCode::FAILURE
}
