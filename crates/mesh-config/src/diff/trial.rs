//! Requests decided under both documents, and what comes out differently.

use alloc::collections::{BTreeMap, BTreeSet};

use super::{
    Change, RequestChange, Side,
    conditions::{self, further},
    decision,
    draft::Draft,
    overlap,
    witness::{self, Witnesses},
};
use crate::{
    explain::{Explainer, Others},
    expression::Steps,
    limits::{
        DIFF_EXAMPLES_MAX, DIFF_PAIRS_MAX, DIFF_REQUESTS_MAX, DIFF_STEPS_MAX, DIFFERENCES_MAX,
    },
    plan::{Plan, PlannedMatch, PlannedPath, PlannedRule},
};

/// What deciding one request costs beside what grows with the documents, in steps.
const REQUEST_STEPS: usize = 1_000;
/// What one match costs where its rule is explained, and one endpoint.
const MATCH_STEPS: usize = 1_024;
const ENDPOINT_STEPS: usize = 64;
/// What a pair of matches costs.
const PAIR_STEPS: usize = 32;

/// What came of trying.
#[derive(Debug, Default)]
pub(super) struct Trial {
    pub(super) tried: usize,
    pub(super) changes: Vec<RequestChange>,
    /// Numbers of the rules that requests met.
    pub(super) met_old: BTreeSet<usize>,
    pub(super) met_new: BTreeSet<usize>,
    pub(super) stopped: Vec<String>,
}

/// Makes requests and decides them under both documents.
pub(super) fn run(old: &mut Explainer, new: &mut Explainer) -> Trial {
    let (old_plan, new_plan) = (old.plan().clone(), new.plan().clone());
    let witnesses = Witnesses::of(&old_plan, &new_plan);
    let mut runner = Runner {
        costs: [Costs::of(&old_plan), Costs::of(&new_plan)],
        old,
        new,
        trial: Trial::default(),
        known: BTreeSet::new(),
        decided: BTreeSet::new(),
        groups: BTreeMap::new(),
        left_out: 0,
    };
    // each has its own share, so that a costly one leaves the others theirs
    let mut whole = runner.each(&old_plan, &new_plan, &witnesses, &mut Steps(DIFF_STEPS_MAX / 2));
    whole &= runner.variants(&old_plan, &new_plan, &witnesses, &mut Steps(DIFF_STEPS_MAX / 4));
    whole &= runner.pairs(&old_plan, &new_plan, &witnesses, &mut Steps(DIFF_STEPS_MAX / 4));
    if !whole {
        let stopped = "not all requests were tried: the documents are too large for that";
        runner.trial.stopped.push(stopped.to_owned());
    }
    if runner.left_out > 0 {
        let stopped = format!("{} more differences are not listed", runner.left_out);
        runner.trial.stopped.push(stopped);
    }
    runner.trial
}

/// What deciding and explaining requests of a document costs.
struct Costs {
    /// For each request, and for each byte of its path.
    request: usize,
    byte: usize,
    /// By rule.
    rules: Vec<usize>,
    /// Whether a rule asks more of a request than its matches do.
    further: Vec<bool>,
}

impl Costs {
    fn of(plan: &Plan) -> Self {
        let expressions = |one: &&PlannedMatch| matches!(one.path, PlannedPath::Expression { .. });
        let rule = |rule: &PlannedRule| {
            let services = rule.backends.iter().filter_map(|backend| backend.service);
            let services = services.filter_map(|number| plan.services.get(number));
            let endpoints: usize = services.map(|service| service.endpoints.len()).sum();
            let automata: usize = witness::of_rule(rule).map(table_bytes).sum();
            let tables = witness::of_rule(rule).count().saturating_add(conditions::tables(rule));
            let tables = tables.saturating_mul(MATCH_STEPS).saturating_add(automata);
            endpoints.saturating_mul(ENDPOINT_STEPS).saturating_add(tables)
        };
        // the matches of one path are looked at one after the other
        let mut of_path: BTreeMap<&str, usize> = BTreeMap::new();
        for one in witness::all(plan) {
            let count = of_path.entry(one.path.parts().1).or_insert(0);
            *count = count.saturating_add(1);
        }
        let longest = of_path.into_values().max().unwrap_or(0);
        Self {
            request: REQUEST_STEPS.saturating_add(longest),
            byte: witness::all(plan).filter(expressions).count(),
            rules: plan.rules.iter().map(rule).collect(),
            further: plan.rules.iter().map(|rule| !further(rule).is_empty()).collect(),
        }
    }

    fn of_request(&self, draft: &Draft) -> usize {
        self.request.saturating_add(self.byte.saturating_mul(draft.path.len()))
    }

    fn asks_further(&self, rule: Option<usize>) -> bool {
        rule.and_then(|number| self.further.get(number)).copied().unwrap_or(false)
    }

    fn of_rule(&self, rule: Option<usize>) -> usize {
        rule.and_then(|number| self.rules.get(number)).copied().unwrap_or(0)
    }
}

/// The table of a path's automaton, which is copied where its rule is explained.
fn table_bytes(one: &PlannedMatch) -> usize {
    match &one.path {
        PlannedPath::Expression { automaton, .. } => automaton.transitions.len(),
        PlannedPath::Exact(_) | PlannedPath::Prefix(_) | PlannedPath::Template(_) => 0,
    }
}

struct Runner<'e> {
    old: &'e mut Explainer,
    new: &'e mut Explainer,
    costs: [Costs; 2],
    trial: Trial,
    // keys are texts: each kind of key would bring its own tree into the wasm
    /// Requests that were tried.
    known: BTreeSet<String>,
    /// Pairs of matches that were explained at a path, or for all of a request.
    decided: BTreeSet<String>,
    /// The place of each set of changes.
    groups: BTreeMap<String, usize>,
    left_out: usize,
}

impl Runner<'_> {
    /// Requests for each match, and for what its rule asks besides. False where a bound was met.
    fn each(
        &mut self,
        old: &Plan,
        new: &Plan,
        witnesses: &Witnesses<'_>,
        steps: &mut Steps,
    ) -> bool {
        for rule in old.rules.iter().chain(&new.rules) {
            for one in witness::of_rule(rule) {
                for draft in witnesses.drafts(one, steps) {
                    if !self.decide(&draft, steps) {
                        return false;
                    }
                }
            }
            let further = further(rule);
            for one in witness::of_rule(rule).filter(|_| !further.is_empty()) {
                for also in &further {
                    let in_bounds = steps.take(PAIR_STEPS).is_ok();
                    let draft = overlap::both(one, also, witnesses, steps);
                    if !in_bounds || draft.is_some_and(|draft| !self.decide(&draft, steps)) {
                        return false;
                    }
                }
            }
        }
        steps.0 > 0
    }

    /// Requests for each expression that only one document has. False where a bound was met.
    fn variants(
        &mut self,
        old: &Plan,
        new: &Plan,
        witnesses: &Witnesses<'_>,
        steps: &mut Steps,
    ) -> bool {
        let matches = witness::all(old).map(|one| (Side::Old, one));
        for (side, one) in matches.chain(witness::all(new).map(|one| (Side::New, one))) {
            for draft in witnesses.variants(one, side, steps) {
                if !self.decide(&draft, steps) {
                    return false;
                }
            }
        }
        steps.0 > 0
    }

    /// Requests for each pair of matches that overlap. False where a bound was met.
    fn pairs(
        &mut self,
        old: &Plan,
        new: &Plan,
        witnesses: &Witnesses<'_>,
        steps: &mut Steps,
    ) -> bool {
        let mut known = BTreeSet::new();
        let distinct = |one: &&PlannedMatch| known.insert(identity(one));
        let matches: Vec<&PlannedMatch> =
            witness::all(old).chain(witness::all(new)).filter(distinct).collect();
        let mut pairs = 0usize;
        for (number, one) in matches.iter().enumerate() {
            for other in matches.iter().skip(number.saturating_add(1)) {
                pairs = pairs.saturating_add(1);
                if pairs > DIFF_PAIRS_MAX || steps.take(PAIR_STEPS).is_err() {
                    return false;
                }
                if let Some(draft) = overlap::both(one, other, witnesses, steps)
                    && !self.decide(&draft, steps)
                {
                    return false;
                }
            }
        }
        steps.0 > 0
    }

    /// Decides a request under both documents. False where a bound was met.
    fn decide(&mut self, draft: &Draft, steps: &mut Steps) -> bool {
        let key = format!("{draft:?}");
        if self.known.contains(&key) {
            return true;
        }
        let [old_costs, new_costs] = &self.costs;
        let cost = old_costs.of_request(draft).saturating_add(new_costs.of_request(draft));
        if self.known.len() >= DIFF_REQUESTS_MAX || steps.take(cost).is_err() {
            return false;
        }
        self.trial.tried = self.trial.tried.saturating_add(1);
        let request = draft.request();
        let (old, new) =
            (self.old.find(&request, &draft.path), self.new.find(&request, &draft.path));
        let rule = |found: Option<u32>| found.and_then(|target| usize::try_from(target).ok());
        let old_rule = rule(old.map(|found| found.target));
        let new_rule = rule(new.map(|found| found.target));
        self.trial.met_old.extend(old_rule);
        self.trial.met_new.extend(new_rule);
        let number = |found: Option<mesh_core::route::Found>| found.map(|found| found.match_number);
        let further = old_costs.asks_further(old_rule) || new_costs.asks_further(new_rule);
        let asked = if further { draft.title() } else { draft.path.clone() };
        let decided = format!("{:?} {:?} {asked}", number(old), number(new));
        if (old_rule, new_rule) != (None, None) && self.decided.insert(decided) {
            let cost = old_costs.of_rule(old_rule).saturating_add(new_costs.of_rule(new_rule));
            if steps.take(cost).is_err() {
                return false;
            }
            let one = self.old.explain(&request, Others::LeftOut);
            let other = self.new.explain(&request, Others::LeftOut);
            let changes = decision::changes(one, other);
            if !changes.is_empty() {
                self.note(draft.title(), changes);
            }
        }
        self.known.insert(key);
        true
    }

    /// Puts a request to those with the same changes.
    fn note(&mut self, title: String, changes: Vec<Change>) {
        let told = changes.iter().map(|change| format!("{:?}{:?}", change.path, change.message));
        let key: String = told.collect();
        if let Some(group) = self.groups.get(&key).and_then(|at| self.trial.changes.get_mut(*at)) {
            if group.requests.len() < DIFF_EXAMPLES_MAX {
                group.requests.push(title);
            } else {
                group.more = group.more.saturating_add(1);
            }
        } else if self.trial.changes.len() < DIFFERENCES_MAX {
            self.groups.insert(key, self.trial.changes.len());
            self.trial.changes.push(RequestChange { requests: vec![title], more: 0, changes });
        } else {
            self.left_out = self.left_out.saturating_add(1);
        }
    }
}

/// What tells a match from others, as text.
pub(super) fn identity(one: &PlannedMatch) -> String {
    use crate::plan::{PlannedCondition, PlannedTest};
    let condition = |condition: &PlannedCondition| match &condition.test {
        PlannedTest::Exact(value) => format!("{:?}={value:?}", condition.name),
        PlannedTest::Expression { source, .. } => format!("{:?}~{source:?}", condition.name),
        PlannedTest::Present => format!("{:?}", condition.name),
        PlannedTest::Flag { name, .. } => format!("{:?}={name:?}", condition.name),
    };
    let headers: Vec<String> = one.headers.iter().map(condition).collect();
    let query: Vec<String> = one.query.iter().map(condition).collect();
    let (kind, path) = one.path.parts();
    format!("{:?} {kind:?} {path:?} {:?} {headers:?} {query:?}", one.host, one.methods)
}
