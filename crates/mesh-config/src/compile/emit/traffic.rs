//! Rows of limits, mirrors, faults and cross-origin requests.

use mesh_core::{
    route::BuildError,
    snapshot::tables::{Cors, Fault, Limit, Mirror, Rows},
};

use super::{Emitter, count, since};
use crate::plan::{
    Filters, PlannedCondition, PlannedConditions, PlannedCors, PlannedLimit, PlannedTest,
};

impl Emitter {
    pub(super) fn limits(&mut self, limits: &[PlannedLimit]) -> Result<Rows, BuildError> {
        let start = count(&self.draft.limits);
        for limit in limits {
            let row = Limit {
                policy: self.draft.text(&limit.policy()),
                seed: limit.seed,
                key: self.key(limit.by.as_ref())?,
                interval: limit.interval(),
                burst: limit.bucket(),
                tier: limit.tier.guarantee() as u8,
                binding: self.draft.text(limit.binding.as_deref().unwrap_or("")),
            };
            self.draft.limits.push(row);
        }
        Ok(since(start, &self.draft.limits))
    }

    /// The rule's, then the backend's; each backend has a run of its own.
    pub(super) fn mirrors(&mut self, rule: &Filters, own: &Filters) -> Result<Rows, BuildError> {
        let mut rows = Vec::new();
        for mirror in rule.mirrors.iter().chain(&own.mirrors) {
            let backend = self.mirrored(mirror.service, &mirror.settings, rule, own)?;
            self.draft.backends.push(backend);
            let backend = count(&self.draft.backends).saturating_sub(1);
            rows.push(Mirror { backend, millionths: mirror.millionths });
        }
        let start = count(&self.draft.mirrors);
        self.draft.mirrors.extend(rows);
        Ok(since(start, &self.draft.mirrors))
    }

    /// The rule's, then the backend's.
    pub(super) fn faults(&mut self, rule: &Filters, own: &Filters) -> Result<Rows, BuildError> {
        let start = count(&self.draft.faults);
        for fault in rule.faults.iter().chain(&own.faults) {
            let row = Fault {
                conditions: self.conditions(&fault.conditions)?,
                delay: fault.delay,
                delay_millionths: fault.delay_millionths,
                abort_status: fault.abort_status,
                abort_millionths: fault.abort_millionths,
                active_max: fault.active_max,
            };
            self.draft.faults.push(row);
        }
        Ok(since(start, &self.draft.faults))
    }

    pub(super) fn cors(&mut self, cors: Option<&PlannedCors>) -> Result<Rows, BuildError> {
        let start = count(&self.draft.cors);
        if let Some(cors) = cors {
            let there =
                |name: &str| PlannedCondition { name: name.to_owned(), test: PlannedTest::Present };
            let of = |headers: Vec<PlannedCondition>| PlannedConditions {
                headers,
                ..PlannedConditions::default()
            };
            let asks = of(vec![there("origin"), there("access-control-request-method")]);
            let row = Cors {
                asks: self.conditions(&asks)?,
                origins: self.conditions(&of(vec![cors.origins.clone()]))?,
                preflight: self.edits(cors.preflight.iter()),
                actual: self.edits(cors.actual.iter()),
            };
            self.draft.cors.push(row);
        }
        Ok(since(start, &self.draft.cors))
    }
}
