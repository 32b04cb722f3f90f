//! What the parts of a document look up in each other.

use super::{PlannedFlag, Settings, settings::Layer};
use crate::{
    decode::Cursor,
    diagnostic::Code,
    document::{Document, ServiceName},
    limits::SERVICES_MAX,
    nearest::nearest,
};

/// The document, for looking names up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context<'d> {
    pub(super) document: &'d Document,
    /// Its flags.
    pub(super) flags: &'d [PlannedFlag],
}

impl<'d> Context<'d> {
    /// The names of the services, in the order of the plan.
    fn names(self) -> impl Iterator<Item = &'d str> + Clone {
        self.document.services.keys().take(SERVICES_MAX).map(String::as_str)
    }

    /// The place of a service in the plan.
    pub(super) fn number(self, name: &str) -> Option<usize> {
        self.names().position(|known| known == name)
    }

    /// The place of a service in the plan; notes that there is none.
    pub(super) fn service(self, name: &ServiceName, at: &mut Cursor) -> Option<usize> {
        let number = self.number(name.as_str());
        if number.is_none() {
            self.unknown(name, at);
        }
        number
    }

    /// What a service says.
    pub(super) fn layer(self, name: &str) -> Layer<'d> {
        self.document.services.get(name).map(Layer::of_service).unwrap_or_default()
    }

    /// The settings of calls to a service by its name, without its fallback.
    pub(super) fn settings(self, name: &ServiceName) -> Settings {
        Settings::of(&[self.layer(name.as_str()), Layer::of_defaults(self.document)])
    }

    fn unknown(self, service: &ServiceName, at: &mut Cursor) {
        let near = nearest(service.as_str(), self.names());
        let names: Vec<String> = self.names().take(10).map(|known| format!("`{known}`")).collect();
        let expected = if names.is_empty() {
            "a service; the document has none".to_owned()
        } else {
            let more = if self.document.services.len() > 10 { ", \u{2026}" } else { "" };
            format!("one of {}{more}", names.join(", "))
        };
        at.error_with_hint(
            Code::UnknownService,
            &format!("the unknown service `{service}`"),
            &expected,
            near.map(|name| format!("did you mean `{name}`?")),
        );
    }
}
