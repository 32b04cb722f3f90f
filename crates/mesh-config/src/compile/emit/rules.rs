//! Rows of rules and their matches.

use mesh_core::{
    route::{BuildError, MatchSpec},
    snapshot::tables::{NONE, Redirect, Rule},
};

use super::{Emitter, count, paths, since};
use crate::plan::{PlannedRedirect, PlannedRule};

impl Emitter {
    pub(super) fn rule(&mut self, number: u32, rule: &PlannedRule) -> Result<(), BuildError> {
        // those of mirrors and fallbacks come first: a rule's own are one run
        let mut backends = Vec::with_capacity(rule.backends.len());
        for backend in &rule.backends {
            backends.push(self.backend(rule, backend)?);
        }
        let start = count(&self.draft.backends);
        self.draft.backends.extend(backends);
        let sticky = rule.sticky.as_ref();
        let cookie = sticky.and_then(|sticky| sticky.cookie.as_deref()).unwrap_or("");
        let row = Rule {
            name: self.draft.text(&rule.name),
            backends: since(start, &self.draft.backends),
            redirect: self.redirect(rule.redirect.as_ref()),
            cors: self.cors(rule.cors.as_ref())?,
            limits: self.limits(&rule.limits)?,
            sticky: self.key(sticky.map(|sticky| &sticky.on))?,
            sticky_cookie: self.draft.text(cookie),
            priority_percent: rule.priority.percent(),
        };
        self.draft.rules.push(row);
        for one in rule.matches.iter().chain(&rule.preflights) {
            let Some(path) = paths::path_spec(&one.path) else { continue };
            self.builder.add(&MatchSpec {
                host: &one.host,
                path,
                methods: one.methods,
                headers: paths::condition_specs(&one.headers),
                query: paths::condition_specs(&one.query),
                target: number,
            })?;
        }
        Ok(())
    }

    fn redirect(&mut self, redirect: Option<&PlannedRedirect>) -> u32 {
        let Some(redirect) = redirect else { return NONE };
        let row = Redirect {
            scheme: self.draft.text(&redirect.scheme),
            host: self.draft.text(&redirect.host),
            port: redirect.port,
            path: redirect.path as u8,
            value: self.draft.text(&redirect.value),
            status: redirect.status,
        };
        self.draft.redirects.push(row);
        count(&self.draft.redirects).saturating_sub(1)
    }
}
