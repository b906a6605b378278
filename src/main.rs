//! The binary: picks the allocator and hands over to the command line.
#![forbid(unsafe_code)]

#[global_allocator]
static ALLOCATOR: compose_relay_allocator::Allocator = compose_relay_allocator::Allocator;

fn main() -> std::process::ExitCode {
    compose_relay::cli::run()
}
