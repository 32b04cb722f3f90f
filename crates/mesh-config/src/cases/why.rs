//! Why a request went where it went, a sentence each.

use crate::{
    explain::{Explanation, OtherRule, SplitBy},
    node::Node,
};

/// How many rules are told of where no rule took the request.
const OTHERS_MAX: usize = 3;

/// The rule that an expectation names.
pub(super) fn rule_of(expected: &[(String, Node)]) -> Option<&str> {
    let (_, rule) = expected.iter().find(|(name, _)| name == "rule")?;
    let name = if let Node::Object(fields) = rule {
        &fields.iter().find(|(name, _)| name == "name")?.1
    } else {
        rule
    };
    if let Node::Text(name) = name { Some(name) } else { None }
}

/// Which rule took the request, what came of it, and why the rule that was expected did not.
pub(super) fn told(explanation: &Explanation, expected: Option<&str>) -> Vec<String> {
    let mut why = Vec::new();
    if let Some(rule) = &explanation.rule {
        why.push(format!(
            "rule \"{}\" took it ({}): {}",
            rule.name,
            rule.path,
            rule.why.join(", ")
        ));
        let split = rule.split.as_ref().filter(|split| split.by != SplitBy::Weights);
        why.extend(split.map(|split| split.why.clone()));
    }
    if let Some(reason) = &explanation.refused {
        let status =
            explanation.answer.as_ref().map(|answer| format!(", status {}", answer.status));
        why.push(format!("nothing was sent: {reason}{}", status.unwrap_or_default()));
    } else if let Some(answer) = &explanation.answer {
        let location = answer.location.as_ref().map(|location| format!(" {location}"));
        why.push(format!("the mesh answered {}{}", answer.status, location.unwrap_or_default()));
    }
    let told = |other: &OtherRule| format!("rule \"{}\" did not: {}", other.name, other.why);
    let others = explanation.others.iter();
    match expected {
        Some(name) => why.extend(others.filter(|other| other.name == name).map(told)),
        None if explanation.rule.is_none() => why.extend(others.take(OTHERS_MAX).map(told)),
        None => {}
    }
    why
}
