//! The rules of a flag.

use alloc::collections::BTreeMap;

use mesh_core::hash::xxh64;

use crate::{
    decode::Cursor,
    diagnostic::Code,
    document::{BackendWeight, FlagRule, FlagValue, HashOn, HashSource, Targets},
    expression::compile_list,
    limits::{FLAG_PARTS_MAX, VALUE_BYTES_MAX},
    plan::{PlannedCondition, PlannedConditions, PlannedTest, conditions, filters::millionths},
};

/// All of a share in millionths.
const WHOLE: u32 = 1_000_000;
/// Most texts of one list of targets.
const TARGETS_MAX: usize = 256;

/// A resolved rule of a flag.
#[derive(Clone, Debug)]
pub(crate) struct PlannedFlagRule {
    pub(crate) name: Option<String>,
    pub(crate) conditions: PlannedConditions,
    /// What tells callers apart.
    pub(crate) by: HashOn,
    /// One for all, or several.
    pub(crate) shares: Vec<PlannedShare>,
}

/// A share of those that a rule is for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlannedShare {
    /// `None` = the next rule decides.
    pub(crate) variant: Option<usize>,
    pub(crate) weight: u32,
    /// Its identity among the shares of its flag.
    pub(crate) key: u64,
}

/// Resolves the rules of a flag, in order.
pub(super) fn plan(
    flag: &str,
    rules: &[FlagRule],
    variants: &[(String, FlagValue)],
    at: &mut Cursor,
) -> Vec<PlannedFlagRule> {
    if rules.len() > FLAG_PARTS_MAX {
        at.error(Code::TooLarge, &format!("{} rules", rules.len()), "at most 64");
    }
    let mut names: Vec<&str> = Vec::new();
    let mut decided = false;
    let mut planned: Vec<PlannedFlagRule> = Vec::new();
    for (index, rule) in rules.iter().enumerate().take(FLAG_PARTS_MAX) {
        at.at_item(index, |at| {
            if let Some(name) = &rule.name {
                at.at_field("name", |at| check_name(name, at));
                if names.contains(&name.as_str()) {
                    let found = format!("the name \"{}\" again", crate::node::excerpt(name));
                    at.at_field("name", |at| {
                        at.error(Code::DuplicateName, &found, "each name once");
                    });
                }
                names.push(name);
            }
            if decided {
                let found = format!("a rule of {flag} after one that is for all");
                at.warning(Code::NoEffect, &found, "it before that one");
            }
            let before = at.diagnostics.errors();
            let one = one(index, rule, variants, at);
            let sound = at.diagnostics.errors() == before;
            decided |= sound && one.conditions.is_empty() && one.shares.len() == 1;
            planned.push(one);
        });
    }
    planned
}

/// A number would be taken for a place.
fn check_name(name: &str, at: &mut Cursor) {
    super::check_name("rule", name, at);
    if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit()) {
        at.error(
            Code::InvalidName,
            &format!("the rule name \"{name}\""),
            "a name that is no number",
        );
    }
}

fn one(
    place: usize,
    rule: &FlagRule,
    variants: &[(String, FlagValue)],
    at: &mut Cursor,
) -> PlannedFlagRule {
    let shares = match (&rule.variant, &rule.split) {
        (Some(variant), None) => {
            let number = at.at_field("variant", |at| super::number_of(variant, variants, at));
            of_percent(place, rule, variant, number)
        }
        (None, Some(split)) => {
            at.at_field("split", |at| of_split(place, rule, split, variants, at))
        }
        (Some(_), Some(_)) => {
            at.error(Code::ConflictingFields, "both `variant` and `split`", "one of them");
            Vec::new()
        }
        (None, None) => {
            at.error(Code::MissingField, "a rule that gives nothing", "`variant` or `split`");
            Vec::new()
        }
    };
    if rule.split.is_some() && rule.percent.is_some() {
        at.error(Code::ConflictingFields, "both `percent` and `split`", "one of them");
    }
    if rule.by.is_some() && rule.split.is_none() && rule.percent.is_none() {
        at.at_field("by", |at| {
            let expected = "`percent` or `split` beside it";
            at.warning(Code::NoEffect, "`by` without shares", expected);
        });
    }
    PlannedFlagRule {
        name: rule.name.clone(),
        conditions: targets(rule, at),
        by: rule.by.clone().unwrap_or(HashOn::Source(HashSource::Principal)),
        shares,
    }
}

/// The identity of a share: one without a name goes by its place, so that rules draw apart.
fn key(place: usize, rule: &FlagRule, share: &str) -> u64 {
    let name = rule.name.clone().unwrap_or_else(|| format!("rules[{place}]"));
    xxh64(format!("{name}\0{share}").as_bytes(), 0)
}

fn of_percent(
    place: usize,
    rule: &FlagRule,
    variant: &str,
    number: Option<usize>,
) -> Vec<PlannedShare> {
    let weight = millionths(rule.percent);
    let rest = WHOLE.saturating_sub(weight);
    let mut shares = vec![PlannedShare { variant: number, weight, key: key(place, rule, variant) }];
    if rest > 0 {
        shares.push(PlannedShare { variant: None, weight: rest, key: key(place, rule, "\0") });
    }
    shares
}

fn of_split(
    place: usize,
    rule: &FlagRule,
    split: &BTreeMap<String, BackendWeight>,
    variants: &[(String, FlagValue)],
    at: &mut Cursor,
) -> Vec<PlannedShare> {
    let mut shares = Vec::new();
    for (name, weight) in split {
        let number = at.at_field(name, |at| super::number_of(name, variants, at));
        let weight = weight.value();
        shares.push(PlannedShare { variant: number, weight, key: key(place, rule, name) });
    }
    if shares.iter().all(|share| share.weight == 0) {
        at.error(Code::NoWeight, "a split without weights", "a weight above 0");
    }
    shares
}

/// Whom a rule is for.
fn targets(rule: &FlagRule, at: &mut Cursor) -> PlannedConditions {
    let mut headers =
        at.at_field("headers", |at| conditions::plan(rule.headers.as_ref(), true, at));
    let words: [(&str, &Option<Targets>, Word); 6] = [
        ("principal", &rule.principal, Word::Any),
        ("tenant", &rule.tenant, Word::Any),
        ("country", &rule.country, Word::Capitals(2, 2)),
        ("continent", &rule.continent, Word::Continent),
        ("regionCode", &rule.region_code, Word::Capitals(1, 3)),
        ("colo", &rule.colo, Word::Capitals(3, 3)),
    ];
    for (field, targets, word) in words {
        let Some(targets) = targets else { continue };
        let test = at.at_field(field, |at| one_of(targets.list(), word, at));
        headers.extend(test.map(|test| PlannedCondition { name: format!(":{field}"), test }));
    }
    PlannedConditions {
        headers,
        query: at.at_field("query", |at| conditions::plan(rule.query.as_ref(), false, at)),
    }
}

/// What a target is written as.
#[derive(Clone, Copy)]
enum Word {
    /// Any text.
    Any,
    /// So many capital letters or digits.
    Capitals(usize, usize),
    /// The code of a continent.
    Continent,
}

impl Word {
    fn takes(self, text: &str) -> bool {
        let capital = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        match self {
            Self::Any => !text.is_empty() && text.len() <= VALUE_BYTES_MAX,
            Self::Capitals(from, to) => {
                (from..=to).contains(&text.len()) && text.bytes().all(capital)
            }
            Self::Continent => ["AF", "AN", "AS", "EU", "NA", "OC", "SA"].contains(&text),
        }
    }

    const fn expected(self) -> &'static str {
        match self {
            Self::Any => "a text of 1 to 4096 bytes",
            Self::Capitals(2, _) => "two capital letters like \"DE\"",
            Self::Capitals(3, _) => "three capital letters like \"FRA\"",
            Self::Capitals(..) => "up to three capital letters and digits like \"TX\"",
            Self::Continent => "one of \"AF\", \"AN\", \"AS\", \"EU\", \"NA\", \"OC\", \"SA\"",
        }
    }
}

/// A test for one of several texts.
fn one_of(texts: &[String], word: Word, at: &mut Cursor) -> Option<PlannedTest> {
    if texts.is_empty() || texts.len() > TARGETS_MAX {
        let code = if texts.is_empty() { Code::MissingField } else { Code::TooLarge };
        at.error(code, &format!("{} of them", texts.len()), "1 to 256");
        return None;
    }
    let mut wrong = texts.iter().filter(|text| !word.takes(text));
    if let Some(text) = wrong.next() {
        let found = format!("the string \"{}\"", crate::node::excerpt(text));
        at.error(Code::InvalidName, &found, word.expected());
        return None;
    }
    if let [text] = texts {
        return Some(PlannedTest::Exact(text.clone()));
    }
    let parts: Vec<String> = texts.iter().map(|text| regex_syntax::escape(text)).collect();
    match compile_list(&parts) {
        Ok(automaton) => Some(PlannedTest::Expression { source: parts.join("|"), automaton }),
        Err(_) => {
            let found = format!("{} texts whose table is larger than 64 KiB", texts.len());
            at.error(Code::TooLarge, &found, "fewer texts, or shorter ones: some 50 UUIDs fit");
            None
        }
    }
}
