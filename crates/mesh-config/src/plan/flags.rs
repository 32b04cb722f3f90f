//! Feature flags.

mod rules;

use alloc::collections::BTreeMap;

pub(crate) use self::rules::PlannedFlagRule;
use crate::{
    decode::Cursor,
    diagnostic::Code,
    document::{Document, Flag, FlagEntry, FlagType, FlagValue},
    limits::{FLAG_NAME_BYTES_MAX, FLAG_PARTS_MAX, FLAGS_MAX},
    nearest::nearest,
};

const NAME: &str = "a letter or digit, then letters, digits, `.`, `_` and `-`; at most 64";

/// A resolved flag.
#[derive(Clone, Debug)]
pub(crate) struct PlannedFlag {
    pub(crate) name: String,
    pub(crate) enabled: bool,
    /// By name, in the order of their numbers.
    pub(crate) variants: Vec<(String, FlagValue)>,
    /// The variant where no rule applies.
    pub(crate) variant: usize,
    pub(crate) rules: Vec<PlannedFlagRule>,
}

/// Resolves the flags of a document, by name.
pub(super) fn plan(document: &Document, at: &mut Cursor) -> Vec<PlannedFlag> {
    let none = BTreeMap::new();
    let flags = document.flags.as_ref().unwrap_or(&none);
    at.at_field("flags", |at| {
        if flags.len() > FLAGS_MAX {
            let found = format!("{} flags", flags.len());
            at.error(Code::TooLarge, &found, "at most 1024");
        }
        let flags = flags.iter().take(FLAGS_MAX);
        flags
            .map(|(name, entry)| {
                at.at_field(name, |at| {
                    check_name("flag", name, at);
                    match entry {
                        FlagEntry::Value(value) => constant(name, value),
                        FlagEntry::Flag(flag) => one(name, flag, at),
                    }
                })
            })
            .collect()
    })
}

fn constant(name: &str, value: &FlagValue) -> PlannedFlag {
    let (variants, variant) = match value.as_boolean() {
        Some(value) => (on_and_off(), usize::from(value)),
        None => (vec![("default".to_owned(), value.clone())], 0),
    };
    PlannedFlag { name: name.to_owned(), enabled: true, variants, variant, rules: Vec::new() }
}

fn on_and_off() -> Vec<(String, FlagValue)> {
    vec![("off".to_owned(), FlagValue::boolean(false)), ("on".to_owned(), FlagValue::boolean(true))]
}

fn one(name: &str, flag: &Flag, at: &mut Cursor) -> PlannedFlag {
    let variants = match &flag.variants {
        Some(variants) => at.at_field("variants", |at| {
            check_variants(variants, at);
            let named = variants.iter().take(FLAG_PARTS_MAX);
            named.map(|(name, value)| (name.clone(), value.clone())).collect()
        }),
        None => on_and_off(),
    };
    let variant = match (&flag.default_variant, &flag.variants) {
        (Some(name), _) => at.at_field("defaultVariant", |at| number_of(name, &variants, at)),
        (None, None) => Some(0),
        (None, Some(_)) => {
            let expected = "the variant where no rule applies";
            at.error(Code::MissingField, "`variants` without `defaultVariant`", expected);
            None
        }
    };
    let rules = flag.rules.as_deref().unwrap_or(&[]);
    PlannedFlag {
        name: name.to_owned(),
        enabled: flag.enabled.unwrap_or(true),
        rules: at.at_field("rules", |at| rules::plan(name, rules, &variants, at)),
        variant: variant.unwrap_or(0),
        variants,
    }
}

fn check_variants(variants: &BTreeMap<String, FlagValue>, at: &mut Cursor) {
    if variants.is_empty() || variants.len() > FLAG_PARTS_MAX {
        let code = if variants.is_empty() { Code::MissingField } else { Code::TooLarge };
        at.error(code, &format!("{} variants", variants.len()), "1 to 64 variants");
    }
    let mut first: Option<FlagType> = None;
    for (name, value) in variants {
        at.at_field(name, |at| {
            check_name("variant", name, at);
            let kind = value.flag_type();
            if *first.get_or_insert(kind) != kind {
                let expected =
                    format!("{}, as the first variant is", first.map_or("", FlagType::name));
                at.error(Code::WrongType, &format!("a value of type {}", kind.name()), &expected);
            }
        });
    }
}

pub(super) fn check_name(what: &str, name: &str, at: &mut Cursor) {
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let good = name.len() <= FLAG_NAME_BYTES_MAX
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(inner);
    if !good {
        let found = format!("the {what} name \"{}\"", crate::node::excerpt(name));
        at.error(Code::InvalidName, &found, NAME);
    }
}

/// The number of the variant of that name; notes that there is none.
pub(super) fn number_of(
    name: &str,
    variants: &[(String, FlagValue)],
    at: &mut Cursor,
) -> Option<usize> {
    let names = || variants.iter().map(|(known, _)| known.as_str());
    let number = names().position(|known| known == name);
    if number.is_none() {
        let known: Vec<String> = names().take(10).map(|name| format!("`{name}`")).collect();
        at.error_with_hint(
            Code::UnknownName,
            &format!("the unknown variant \"{}\"", crate::node::excerpt(name)),
            &format!("one of {}", known.join(", ")),
            nearest(name, names()).map(|name| format!("did you mean \"{name}\"?")),
        );
    }
    number
}
