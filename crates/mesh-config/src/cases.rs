//! Requests and what is expected to become of them: tests of a document.
//!
//! A case asks the document about one request and compares the answer, which is the explanation of
//! [`crate::explain`], with what its author expects. Only what a case names is compared. Any part of
//! an explanation can be expected, whatever fields it has; what none has is an error, so that a typo
//! does not pass for a test.

mod case;
mod compare;
mod names;
mod subject;
mod verify;
mod why;

use serde::Serialize;

pub use self::case::{CaseList, Expectation, TestCase, TestCases, TestRequest};
use self::{compare::Mismatch, subject::Shapes};
use crate::{
    decode::{Cursor, Decode},
    diagnostic::Diagnostics,
    document::Document,
    explain::{ExplainRequest, Explainer, Explanation, Others},
    facts::Fact,
    limits::CASES_REASONED_MAX,
    node::Node,
};

/// What came of the cases.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct TestReport {
    /// One for each case, in order.
    pub results: Vec<TestResult>,
    /// How many hold.
    pub passed: usize,
    /// How many do not.
    pub failed: usize,
}

/// What came of one case.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct TestResult {
    /// Its name, or its request.
    pub name: String,
    /// Where it stands: `cases[3]`.
    pub path: String,
    /// True where all that it expects came.
    pub passed: bool,
    /// What did not.
    pub failures: Vec<TestFailure>,
    /// What became of its request and why, a sentence each; only where something did not come.
    pub why: Vec<String>,
}

/// One thing that was expected and did not come.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct TestFailure {
    /// Where the expectation stands: `cases[3].expect.rule`.
    pub path: String,
    /// What is compared: `rule`, or `timeout of canary`.
    pub what: String,
    /// What was expected.
    pub expected: String,
    /// What came.
    pub found: String,
    /// All of it in one line, for people.
    pub message: String,
}

/// Runs cases against a document.
///
/// # Errors
/// All findings, where the document has an error, or where a case can never hold.
///
/// ```
/// use mesh_config::{cases::{TestCases, test_cases}, document::Document, node::Node};
///
/// let document = Document::parse_json(
///     r#"{ "services": { "users": {} }, "routing": { "rules": [
///          { "name": "users", "path": "/users/*", "service": "users" } ] } }"#,
/// )?;
/// let cases = TestCases::decode(&Node::parse_json(
///     r#"{ "cases": [
///          { "request": "GET /users/7", "expect": { "rule": "users", "service": "users" } },
///          { "request": "/", "expect": { "reason": "no_route", "status": 404 } } ] }"#,
/// )?)?;
/// assert_eq!(test_cases(&document, &cases)?.passed, 2);
/// # Ok::<(), mesh_config::diagnostic::Diagnostics>(())
/// ```
pub fn test_cases(document: &Document, cases: &TestCases) -> Result<TestReport, Diagnostics> {
    run(Explainer::after(document, Diagnostics::default())?, cases)
}

/// Runs cases against a document; both are still node trees.
///
/// # Errors
/// As [`test_cases`], or where one of them cannot be read. The path of a finding about the cases
/// begins with `cases`.
pub fn test_cases_node(document: &Node, cases: &Node) -> Result<TestReport, Diagnostics> {
    let (document, earlier) = Document::decode_what_is_there(document);
    let mut at = Cursor::after(earlier);
    let cases = <TestCases as Decode>::decode(cases, &mut at);
    match (document, cases) {
        (Some(document), Some(cases)) if at.diagnostics.errors() == 0 => {
            run(Explainer::after(&document, at.diagnostics)?, &cases)
        }
        (Some(document), _) => Err(crate::compile::plan_and_snapshot(&document, at.diagnostics).2),
        (None, _) => Err(at.diagnostics),
    }
}

fn run(explainer: Explainer, cases: &TestCases) -> Result<TestReport, Diagnostics> {
    let mut runner = Runner { explainer, shapes: Shapes::known(), reasoned: 0 };
    let mut at = Cursor::default();
    let results: Vec<TestResult> = at.at_field("cases", |at| {
        let one = |(number, case)| at.at_item(number, |at| runner.case(case, at));
        cases.cases.0.iter().enumerate().map(one).collect()
    });
    if at.diagnostics.errors() > 0 {
        return Err(at.diagnostics);
    }
    let passed = results.iter().filter(|result| result.passed).count();
    let failed = results.len().saturating_sub(passed);
    Ok(TestReport { results, passed, failed })
}

/// Runs one case after the other.
struct Runner {
    explainer: Explainer,
    shapes: Shapes,
    /// How many failures have been told why.
    reasoned: usize,
}

impl Runner {
    fn case(&mut self, case: &TestCase, at: &mut Cursor) -> TestResult {
        let request = case.asked();
        let expected = &case.expect.0;
        let others = if expected.iter().any(|(name, _)| name == "others") {
            Others::Told
        } else {
            Others::LeftOut
        };
        let explanation = self.explainer.explain(&request, others);
        let facts = Fact::of(&explanation);
        let mismatches = at.at_field("expect", |at| {
            names::check(expected, self.explainer.plan(), at);
            self.shapes.check(expected, &facts, at);
            compare::all(expected, &self.shapes, &facts)
        });
        let why = if mismatches.is_empty() || at.diagnostics.errors() > 0 {
            Vec::new()
        } else {
            self.why(&request, explanation, expected)
        };
        let place = at.path();
        TestResult {
            name: case.name.clone().unwrap_or_else(|| case.request.title()),
            path: place.to_owned(),
            passed: mismatches.is_empty(),
            failures: mismatches.into_iter().map(|one| one.failure(place)).collect(),
            why,
        }
    }

    /// Why the other rules do not take a request is worked out for the first failures only.
    fn why(
        &mut self,
        request: &ExplainRequest,
        explanation: Explanation,
        expected: &[(String, Node)],
    ) -> Vec<String> {
        self.reasoned = self.reasoned.saturating_add(1);
        if self.reasoned > CASES_REASONED_MAX {
            return why::told(&explanation, None);
        }
        let explanation = self.explainer.explain(request, Others::Told);
        why::told(&explanation, why::rule_of(expected))
    }
}

impl Mismatch {
    fn failure(self, case: &str) -> TestFailure {
        let Self { path, what, expected, found } = self;
        let message = format!("{what}: expected {expected}, found {found}");
        TestFailure { path: format!("{case}.expect{path}"), what, expected, found, message }
    }
}
