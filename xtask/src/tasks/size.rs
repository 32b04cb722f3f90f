//! `cargo xtask size`: what each entry point adds to a Worker, against its budget.

use crate::{
    bundle::{self, Weight},
    cli::{Flag, Options, Task},
    context::Context,
    failure::Failure,
    report::{self, Table},
    tasks::{npm, wasm},
    wasm_build::{self, MODULES, Module},
    wasm_file,
};

/// The task.
pub(super) const TASK: Task = Task {
    name: "size",
    about: "bytes of each entry point as bundled for a Worker; fails above the budget",
    flags: &[
        Flag::switch("json", "only [{entry, gzip, raw, budget, ok}] on stdout, in bytes"),
        Flag::switch("sections", "what the bytes of the wasm modules are"),
        Flag::switch(
            "ratchet",
            "where a budget is missed already, fail only above the last landing",
        ),
    ],
    run,
};

/// Gzipped bytes, JavaScript and wasm: DESIGN §9. A kB is 1000 bytes.
const BUDGETS: &[(&str, usize)] = &[("diddy-mesh", 36_000), ("diddy-mesh/core", 20_000)];
/// Entries that were over their budget at the last landing, and how much they weighed then:
/// `docs/sizes.md` says what the bytes are. They may only shrink.
const LANDED: &[(&str, usize)] = &[("diddy-mesh", 47_050), ("diddy-mesh/core", 30_410)];
/// The functions listed by `--sections`.
const FUNCTIONS_SHOWN: usize = 25;

fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    if options.has("sections") {
        wasm::build(context)?;
        for module in MODULES {
            sections(context, module)?;
        }
    }
    let weights = weights(context)?;
    if context.json {
        report::result(&json(&weights));
    } else {
        table(&weights).iter().for_each(|line| report::result(line));
    }
    verdict(context, &weights, options.has("ratchet"))
}

/// What `ci` asks: the budgets, or where one is missed already, not a byte more than last time.
///
/// # Errors
/// Where an entry grew past both.
pub(super) fn ratchet(context: &Context) -> Result<(), Failure> {
    let weights = weights(context)?;
    table(&weights).iter().for_each(|line| report::result(line));
    verdict(context, &weights, true)
}

/// Builds the package and weighs each entry; those with a budget must be among them.
fn weights(context: &Context) -> Result<Vec<Weight>, Failure> {
    npm::build(context)?;
    context.step("bundle each entry point");
    let entries = bundle::entries(context)?;
    for (entry, _) in BUDGETS {
        if !entries.iter().any(|name| name == entry) {
            return Err(Failure::new(format!("{entry} has a budget but no entry in exports")));
        }
    }
    entries.iter().map(|entry| bundle::weigh(context, entry)).collect()
}

fn verdict(context: &Context, weights: &[Weight], ratchet: bool) -> Result<(), Failure> {
    let names = |heavy: &[&Weight]| {
        heavy.iter().map(|weight| weight.entry.as_str()).collect::<Vec<_>>().join(", ")
    };
    let heavy: Vec<&Weight> = weights.iter().filter(|weight| !fits(weight)).collect();
    if heavy.is_empty() {
        return Ok(());
    }
    let grown: Vec<&Weight> = heavy.iter().filter(|weight| !shrank(weight)).copied().collect();
    if ratchet && grown.is_empty() {
        context.step(&format!("over budget, but no larger than last time: {}", names(&heavy)));
        return Ok(());
    }
    let heavy = if ratchet { grown } else { heavy };
    Err(Failure::new(format!("over budget: {}", names(&heavy))))
}

fn shrank(weight: &Weight) -> bool {
    let landed = LANDED.iter().find(|(entry, _)| *entry == weight.entry);
    landed.is_some_and(|(_, bytes)| weight.gzip <= *bytes)
}

fn budget(weight: &Weight) -> Option<usize> {
    BUDGETS.iter().find(|(entry, _)| *entry == weight.entry).map(|(_, budget)| *budget)
}

fn fits(weight: &Weight) -> bool {
    budget(weight).is_none_or(|budget| weight.gzip <= budget)
}

fn json(weights: &[Weight]) -> String {
    let rows = weights.iter().map(|weight| {
        let entry = report::json_string(&weight.entry);
        let Weight { gzip, raw, .. } = weight;
        let budget = budget(weight).map_or_else(|| "null".to_owned(), |bytes| bytes.to_string());
        let ok = fits(weight);
        format!(
            "{{\"entry\":{entry},\"gzip\":{gzip},\"raw\":{raw},\"budget\":{budget},\"ok\":{ok}}}"
        )
    });
    format!("[{}]", rows.collect::<Vec<_>>().join(","))
}

fn table(weights: &[Weight]) -> Vec<String> {
    let mut table = Table::new(&["entry (bytes)", "raw", "gzip", "js", "wasm", "budget", "ok"]);
    for weight in weights {
        let budget = budget(weight);
        let ok = if fits(weight) { "yes" } else { "NO" };
        table.row(vec![
            weight.entry.clone(),
            report::bytes(weight.raw),
            report::bytes(weight.gzip),
            report::bytes(weight.gzip_js),
            report::bytes(weight.gzip.saturating_sub(weight.gzip_js)),
            budget.map_or_else(|| "–".to_owned(), report::bytes),
            budget.map_or("–", |_| ok).to_owned(),
        ]);
    }
    table.lines()
}

fn sections(context: &Context, module: &Module) -> Result<(), Failure> {
    let show = |line: &str| if context.json { report::say(line) } else { report::result(line) };
    let path = wasm_build::named(context, module)?;
    let bytes = std::fs::read(&path).map_err(|error| Failure::file("read", &path, &error))?;
    let mut outline = wasm_file::outline(&bytes)
        .map_err(|why| Failure::new(format!("{} cannot be read: {why}", path.display())))?;
    let mut table = Table::new(&[&format!("{}.wasm, by section", module.name), "bytes"]);
    // names are only in this copy, not in what ships
    for section in outline.sections.iter().filter(|section| section.name != "name") {
        table.row(vec![section.name.clone(), report::bytes(section.size)]);
    }
    table.lines().iter().for_each(|line| show(line));
    outline.functions.sort_by_key(|(_, size)| core::cmp::Reverse(*size));
    let count = outline.functions.len();
    let mut table = Table::new(&[&format!("{count} functions, the biggest"), "bytes"]);
    for (name, size) in outline.functions.into_iter().take(FUNCTIONS_SHOWN) {
        table.row(vec![name.chars().take(100).collect(), report::bytes(size)]);
    }
    table.lines().iter().for_each(|line| show(line));
    show("");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weight(entry: &str, gzip: usize) -> Weight {
        Weight { entry: entry.to_owned(), raw: 3 * gzip, gzip, gzip_js: 1 }
    }

    #[test]
    fn a_budget_holds_up_to_its_last_byte() {
        assert!(fits(&weight("diddy-mesh/core", 20_000)));
        assert!(!fits(&weight("diddy-mesh/core", 20_001)));
        assert!(fits(&weight("diddy-mesh/other", 1_000_000)));
    }

    #[test]
    fn what_is_over_its_budget_may_only_shrink() {
        let (entry, landed) = LANDED[0];
        assert!(shrank(&weight(entry, landed)));
        assert!(!shrank(&weight(entry, landed + 1)));
        assert!(!shrank(&weight("diddy-mesh/other", 1)));
    }

    #[test]
    fn the_json_has_the_promised_keys() {
        assert_eq!(
            json(&[weight("diddy-mesh", 36_001), weight("x", 1)]),
            "[{\"entry\":\"diddy-mesh\",\"gzip\":36001,\"raw\":108003,\"budget\":36000,\
             \"ok\":false},{\"entry\":\"x\",\"gzip\":1,\"raw\":3,\"budget\":null,\"ok\":true}]"
        );
    }
}
