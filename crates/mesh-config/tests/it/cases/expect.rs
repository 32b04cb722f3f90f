//! Comparing what is expected with what was seen.

use serde_json::Value;

/// What did not fit, with the case and the step it was found in.
#[derive(Debug, Default)]
pub(super) struct Findings {
    name: String,
    found: Vec<String>,
}

impl Findings {
    pub(super) fn start(&mut self, name: &str) {
        name.clone_into(&mut self.name);
    }

    /// Compares each expected field with the seen one; fields not named are not compared.
    pub(super) fn compare(&mut self, step: &Value, expected: &Value, seen: &Value) {
        for (field, wanted) in expected.as_object().into_iter().flatten() {
            let got = &seen[field];
            if !fits(wanted, got) {
                let text =
                    format!("{}\n  {step}\n  {field}: {wanted} expected, got {got}", self.name);
                self.found.push(text);
            }
        }
    }

    pub(super) fn end(self) {
        assert!(self.found.is_empty(), "{} findings\n{}", self.found.len(), self.found.join("\n"));
    }
}

/// A range takes a number in it, a list takes a text in it, an object takes one with its fields;
/// anything else takes its equal.
pub(super) fn fits(wanted: &Value, got: &Value) -> bool {
    match (wanted, got) {
        (Value::Array(range), Value::Number(number)) => {
            let inside = |at: usize| range.get(at).and_then(Value::as_f64);
            let number = number.as_f64();
            inside(0) <= number && number <= inside(1)
        }
        (Value::Array(list), Value::String(_)) => list.contains(got),
        (Value::Object(fields), Value::Object(seen)) => fields
            .iter()
            .all(|(field, wanted)| fits(wanted, seen.get(field).unwrap_or(&Value::Null))),
        (wanted, got) => wanted == got,
    }
}
