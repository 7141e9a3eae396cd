//! The command line's shape: clap's own self-check, and each form that the contract names.

use clap::CommandFactory;

use super::*;

fn parse(line: &str) -> Cli {
    Cli::try_parse_from(line.split(' ')).unwrap()
}

#[test]
fn clap_finds_no_fault_with_the_definition() {
    Cli::command().debug_assert();
}

#[test]
fn every_form_of_the_contract_is_read() {
    for line in [
        "standin",
        "standin demo --seed 7",
        "standin platform --port 8883 --seed 1 --live --json",
        "standin sub a b --topic x/# --topic y --json --count 3 --for 1.5 --retry --force",
        "standin pub a t/1 hello --qos 1 --retain --retry --force",
        "standin pub a t/1 -",
        "standin pub a t/1 -5",
        "standin pub a t/1 --file f.bin",
        "standin drive a b --retry",
        "standin record a --out t.mcap --for 10 --retry",
        "standin replay t.mcap u.mcap --speed 2 --json --to a",
        "standin sign a --at 2025-04-14T01:00:00Z --json --reveal",
        "standin tape info f",
        "standin tape verify f",
        "standin tape repair f",
        "standin tape export f --format pcapng --out g",
        "standin init",
    ] {
        parse(line);
    }
}

#[test]
fn the_config_may_stand_before_or_after_the_command() {
    for line in ["standin --config c.toml sign a", "standin sign a --config c.toml", "standin sign --config c.toml a"] {
        assert_eq!(parse(line).global.config, Some(PathBuf::from("c.toml")), "{line}");
    }
}

#[test]
fn what_is_out_of_range_is_refused() {
    for line in [
        "standin sub",
        "standin sub a --count 0",
        "standin sub a --for 0",
        "standin sub a --for -1",
        "standin sub a --for nan",
        "standin pub a t x --qos 3",
        "standin pub a t x --file f",
        "standin platform --port 65535",
        "standin platform --port 0",
        "standin replay f --speed 0",
        "standin replay f --speed inf",
        "standin sign a --at yesterday",
        "standin tape export f --format xml",
    ] {
        assert!(Cli::try_parse_from(line.split(' ')).is_err(), "{line}");
    }
}

#[test]
fn no_flag_takes_a_secret() {
    fn check(command: &clap::Command) {
        for argument in command.get_arguments() {
            let id = argument.get_id().as_str();
            let known = !["secret", "password", "token", "key"].iter().any(|word| id.contains(word));
            assert!(known, "{} --{id}", command.get_name());
        }
        command.get_subcommands().for_each(check);
    }
    check(&Cli::command());
}

#[test]
fn a_reader_that_has_gone_is_no_error() {
    let gone = std::io::Error::from(std::io::ErrorKind::BrokenPipe);
    assert_eq!(written(Err(gone)), Ok(()));
    let full = written(Err(std::io::Error::other("disk full"))).unwrap_err();
    assert_eq!(full.status, Exit::NotHeld);
}
