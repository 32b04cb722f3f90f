//! Conditions on headers and query parameters.

use alloc::collections::BTreeMap;

use super::{Context, PlannedCondition, PlannedConditions, PlannedTest, flags, paths::expression};
use crate::{
    decode::Cursor,
    diagnostic::Code,
    document::{Condition, ConditionType, Conditions, FlagTest, HeaderName},
    limits::VALUE_BYTES_MAX,
    nearest::nearest,
};

/// Stands before the name of a flag where conditions are told apart by their names.
pub(crate) const FLAG_PREFIX: &str = ":flag ";

/// Resolves the three kinds of conditions; those on flags stand behind those on headers.
pub(super) fn all(
    headers: Option<&Conditions>,
    query: Option<&Conditions>,
    flags: Option<&BTreeMap<String, FlagTest>>,
    context: Context<'_>,
    at: &mut Cursor,
) -> PlannedConditions {
    let mut planned = PlannedConditions {
        headers: at.at_field("headers", |at| plan(headers, true, at)),
        query: at.at_field("query", |at| plan(query, false, at)),
    };
    for (name, test) in flags.into_iter().flatten() {
        let found =
            at.at_field("flags", |at| at.at_field(name, |at| on_flag(name, test, context, at)));
        planned.headers.extend(found);
    }
    planned
}

fn on_flag(
    name: &str,
    test: &FlagTest,
    context: Context<'_>,
    at: &mut Cursor,
) -> Option<PlannedCondition> {
    let names = || context.flags.iter().map(|flag| flag.name.as_str());
    let Some((number, flag)) = context.flags.iter().enumerate().find(|(_, f)| f.name == name)
    else {
        at.error_with_hint(
            Code::UnknownFlag,
            &format!("the unknown flag `{}`", crate::node::excerpt(name)),
            "a flag of `flags`",
            nearest(name, names()).map(|name| format!("did you mean `{name}`?")),
        );
        return None;
    };
    let variant = match test {
        FlagTest::Variant(variant) => flags::number_of(variant, &flag.variants, at)?,
        FlagTest::Value(value) => {
            let of_value =
                |(_, known): &(_, crate::document::FlagValue)| known.as_boolean() == Some(*value);
            let mut same = flag.variants.iter().enumerate().filter(|(_, one)| of_value(one));
            match (same.next(), same.next()) {
                (Some((variant, _)), None) => variant,
                (first, _) => {
                    let expected = match first {
                        Some(_) => "the name of a variant: several have that value",
                        None => "the name of a variant: none has that value",
                    };
                    at.error(Code::WrongType, &value.to_string(), expected);
                    return None;
                }
            }
        }
    };
    let (variant_name, _) = flag.variants.get(variant)?;
    let test = PlannedTest::Flag { flag: number, variant, name: variant_name.clone() };
    Some(PlannedCondition { name: format!("{FLAG_PREFIX}{name}"), test })
}

/// Resolves conditions, in order.
pub(super) fn plan(
    conditions: Option<&Conditions>,
    of_headers: bool,
    at: &mut Cursor,
) -> Vec<PlannedCondition> {
    let mut planned: Vec<PlannedCondition> = Vec::new();
    let mut add = |name: &str, test: Option<PlannedTest>, at: &mut Cursor| {
        let Some(name) = self::name(name, of_headers, at) else { return };
        if planned.iter().any(|known| known.name == name) {
            let found = format!("a second condition on `{name}`");
            at.error(Code::DuplicateKey, &found, "one condition for each name");
        } else if let Some(test) = test {
            planned.push(PlannedCondition { name, test });
        }
    };
    match conditions {
        Some(Conditions::ByName(map)) => {
            for (name, condition) in map {
                at.at_field(name, |at| {
                    let test = match condition {
                        Condition::Exact(value) => exact(value, at),
                        Condition::Present(_) => Some(PlannedTest::Present),
                        Condition::Test(long) => {
                            test(long.condition_type, long.value.as_deref(), at)
                        }
                    };
                    add(name, test, at);
                });
            }
        }
        Some(Conditions::List(list)) => {
            for (index, entry) in list.iter().enumerate() {
                at.at_item(index, |at| {
                    let test = test(entry.condition_type, entry.value.as_deref(), at);
                    add(&entry.name, test, at);
                });
            }
        }
        None => {}
    }
    planned
}

fn name(name: &str, of_header: bool, at: &mut Cursor) -> Option<String> {
    if !of_header {
        let usable = !name.is_empty() && name.len() <= VALUE_BYTES_MAX;
        if !usable {
            at.error(Code::InvalidName, "an empty or endless name", "the name of a parameter");
        }
        return usable.then(|| name.to_owned());
    }
    match HeaderName::parse(name) {
        Ok(name) => Some(name.as_str().to_owned()),
        Err(error) => {
            let found = format!("the header name \"{}\"", crate::node::excerpt(name));
            at.error(error.code(), &found, error.expected());
            None
        }
    }
}

fn exact(value: &str, at: &mut Cursor) -> Option<PlannedTest> {
    if value.len() > VALUE_BYTES_MAX {
        at.error(Code::TooLarge, "a value of more than 4096 bytes", "a shorter one");
        return None;
    }
    Some(PlannedTest::Exact(value.to_owned()))
}

fn test(
    condition_type: Option<ConditionType>,
    value: Option<&str>,
    at: &mut Cursor,
) -> Option<PlannedTest> {
    match (condition_type.unwrap_or(ConditionType::Exact), value) {
        (ConditionType::Exact, Some(value)) => at.at_field("value", |at| exact(value, at)),
        (ConditionType::RegularExpression, Some(source)) => at.at_field("value", |at| {
            let automaton = expression(source, at)?;
            Some(PlannedTest::Expression { source: source.to_owned(), automaton })
        }),
        (ConditionType::Present, None) => Some(PlannedTest::Present),
        (ConditionType::Present, Some(_)) => {
            at.at_field("value", |at| {
                at.error(Code::ConflictingFields, "a value", "none with `Present`");
            });
            None
        }
        (ConditionType::Exact | ConditionType::RegularExpression, None) => {
            at.at_field("value", |at| {
                at.error(Code::MissingField, "nothing", "the text to compare with");
            });
            None
        }
    }
}
