//! `cargo xtask sim`: runs every scenario and prints its figures; fails where a bound is missed.

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use mesh_sim::{figure, scenario};

/// Where the dice begin if nobody says. Any number will do; this one is kept so that runs are alike.
const SEED: u64 = 1;

fn main() -> ExitCode {
    match options(std::env::args().skip(1)) {
        Ok(options) => run(options),
        Err(usage) => {
            say(&usage);
            ExitCode::from(2)
        }
    }
}

struct Options {
    seed: u64,
    json: bool,
}

fn options(mut args: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options { seed: SEED, json: false };
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--json" => options.json = true,
            "--seed" => {
                let value = args.next().unwrap_or_default();
                options.seed = value.parse().map_err(|_| {
                    format!("--seed takes a whole number from 0 to {}, not {value:?}", u64::MAX)
                })?;
            }
            _ => return Err(format!("takes --seed N and --json, not {arg:?}")),
        }
    }
    Ok(options)
}

fn run(options: Options) -> ExitCode {
    let figures = match scenario::all(options.seed) {
        Ok(figures) => figures,
        Err(error) => {
            say(&error.to_string());
            return ExitCode::FAILURE;
        }
    };
    if options.json {
        result(&figure::json(&figures));
    } else {
        figure::table(&figures).iter().for_each(|line| result(line));
    }
    let mut missed = figures.iter().filter(|figure| !figure.is_ok()).peekable();
    let kept = missed.peek().is_none();
    missed.for_each(|figure| say(&format!("missed with seed {}: {figure}", options.seed)));
    if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// One line for a person.
fn say(line: &str) {
    drop(writeln!(io::stderr().lock(), "sim: {line}"));
}

/// One line of results. A reader that left early (`| head`) is no failure.
fn result(line: &str) {
    drop(writeln!(io::stdout().lock(), "{line}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(args: &[&str]) -> Result<Options, String> {
        options(args.iter().map(|arg| (*arg).to_owned()))
    }

    #[test]
    fn flags_are_read_and_what_is_none_is_named() {
        assert_eq!(parsed(&[]).map(|options| (options.seed, options.json)), Ok((1, false)));
        let both = parsed(&["--json", "--seed", "7"]);
        assert_eq!(both.map(|options| (options.seed, options.json)), Ok((7, true)));
        for (args, named) in [
            (&["--seed"][..], "not \"\""),
            (&["--seed", "-1"], "not \"-1\""),
            (&["--sead", "1"], "not \"--sead\""),
        ] {
            let usage = parsed(args).err().unwrap_or_default();
            assert!(usage.contains(named), "{usage}");
        }
    }
}
