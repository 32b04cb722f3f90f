//! Rows of backends: those of rules, and those that stand for mirrors and fallbacks.

use mesh_core::{
    route::BuildError,
    snapshot::tables::{Backend, Edit, NONE, Rewrite, Rows},
};

use super::{Emitter, count, paths, since};
use crate::plan::{
    Filters, PlannedBackend, PlannedConditions, PlannedEdit, PlannedResponse, PlannedRewrite,
    PlannedRule, Settings,
};

/// On the request.
const REQUEST: u8 = 0;

impl Emitter {
    /// A backend of a rule. Its mirrors and its fallback get their rows before its own.
    pub(super) fn backend(
        &mut self,
        rule: &PlannedRule,
        backend: &PlannedBackend,
    ) -> Result<Backend, BuildError> {
        let own = &backend.filters;
        let row = match &backend.response {
            Some(response) => self.answer(response, Some(rule)),
            None => Backend {
                service: number(backend.service),
                edits: self.edits(rule.filters.edits.iter().chain(&own.edits)),
                rewrite: self.rewrite(own.rewrite.as_ref().or(rule.filters.rewrite.as_ref())),
                ..Backend::default()
            },
        };
        Ok(Backend {
            weight: backend.weight,
            policy: self.policy(&backend.settings, Some(rule))?,
            key: backend.key,
            subset: backend.version.as_ref().map_or(0, |version| version.endpoints),
            pins: self.conditions(&backend.pins)?,
            mirrors: self.mirrors(&rule.filters, own)?,
            faults: self.faults(&rule.filters, own)?,
            ..row
        })
    }

    /// An answer of the mesh: its own headers, then what the rule does to responses.
    pub(super) fn answer(
        &mut self,
        response: &PlannedResponse,
        rule: Option<&PlannedRule>,
    ) -> Backend {
        let of_rule = rule.into_iter().flat_map(|rule| &rule.filters.edits);
        let of_rule = of_rule.filter(|edit| edit.side != REQUEST);
        Backend {
            service: NONE,
            weight: 1,
            edits: self.edits(response.headers.iter().chain(of_rule)),
            rewrite: NONE,
            status: response.status,
            body: self.draft.text(&response.body),
            ..Backend::default()
        }
    }

    /// The service that a rule, or a service called by name, falls back to.
    pub(super) fn fallback_service(
        &mut self,
        service: usize,
        settings: &Settings,
        rule: Option<&PlannedRule>,
    ) -> Result<Backend, BuildError> {
        let none = Filters::default();
        let filters = rule.map_or(&none, |rule| &rule.filters);
        Ok(Backend {
            service: number(Some(service)),
            weight: 1,
            policy: self.policy(settings, rule)?,
            edits: self.edits(filters.edits.iter()),
            rewrite: self.rewrite(filters.rewrite.as_ref()),
            ..Backend::default()
        })
    }

    /// Where copies go: what the rule and the backend do to requests is done to them too.
    pub(super) fn mirrored(
        &mut self,
        service: usize,
        settings: &Settings,
        rule: &Filters,
        own: &Filters,
    ) -> Result<Backend, BuildError> {
        let edits = rule.edits.iter().chain(&own.edits).filter(|edit| edit.side == REQUEST);
        Ok(Backend {
            service: number(Some(service)),
            policy: self.policy(settings, None)?,
            edits: self.edits(edits),
            rewrite: self.rewrite(own.rewrite.as_ref().or(rule.rewrite.as_ref())),
            ..Backend::default()
        })
    }

    pub(super) fn edits<'p>(&mut self, edits: impl Iterator<Item = &'p PlannedEdit>) -> Rows {
        let start = count(&self.draft.edits);
        for edit in edits {
            let row = Edit {
                side: edit.side,
                action: edit.action,
                name: self.draft.text(&edit.name),
                value: self.draft.text(&edit.value),
            };
            self.draft.edits.push(row);
        }
        since(start, &self.draft.edits)
    }

    pub(super) fn conditions(
        &mut self,
        conditions: &PlannedConditions,
    ) -> Result<Rows, BuildError> {
        let headers = paths::condition_specs(&conditions.headers);
        let query = paths::condition_specs(&conditions.query);
        self.builder.conditions(&headers, &query)
    }

    fn rewrite(&mut self, rewrite: Option<&PlannedRewrite>) -> u32 {
        let Some(rewrite) = rewrite else { return NONE };
        let row = Rewrite {
            host: self.draft.text(&rewrite.host),
            path: rewrite.path as u8,
            value: self.draft.text(&rewrite.value),
        };
        self.draft.rewrites.push(row);
        count(&self.draft.rewrites).saturating_sub(1)
    }
}

fn number(service: Option<usize>) -> u32 {
    service.and_then(|service| u32::try_from(service).ok()).unwrap_or(NONE)
}
