//! The status conditions that a controller would set on a route.

use serde::Serialize;

use super::routes::RouteKind;

/// What a controller would say of a route, for one of its parents.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RouteStatus {
    /// What kind of route it is.
    pub kind: RouteKind,
    /// Namespace of the route.
    pub namespace: String,
    /// Name of the route.
    pub route: String,
    /// The parent: `Gateway/infra/public`, with `#section` and `:port` where the route names them.
    pub parent: String,
    /// `Accepted` first, then `ResolvedRefs`, then `PartiallyInvalid` where that is so.
    pub conditions: Vec<RouteCondition>,
}

/// One condition.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RouteCondition {
    /// What it is about.
    #[serde(rename = "type")]
    pub condition_type: RouteConditionType,
    /// Whether it holds.
    pub status: bool,
    /// Why.
    pub reason: RouteConditionReason,
    /// The same in words; empty where all is well.
    pub message: String,
}

/// What a condition is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[non_exhaustive]
pub enum RouteConditionType {
    /// The parent takes the route.
    Accepted,
    /// All that it refers to is there and may be referred to.
    ResolvedRefs,
    /// Some of its rules or filters do not work.
    PartiallyInvalid,
}

/// Why a condition holds or not.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[non_exhaustive]
pub enum RouteConditionReason {
    /// The parent takes it.
    Accepted,
    /// No listener has a host of the route's.
    NoMatchingListenerHostname,
    /// There is no such parent, section or port.
    NoMatchingParent,
    /// The listeners take no routes of this kind or from this namespace.
    NotAllowedByListeners,
    /// An older route of the other kind has one of its hosts on the listener.
    HostnameConflict,
    /// A route of a kind that goes before it is attached to the same port of the Service.
    Conflicted,
    /// It asks for what is not supported.
    UnsupportedValue,
    /// All references are good.
    ResolvedRefs,
    /// A Service or its port does not exist.
    BackendNotFound,
    /// Another namespace has not granted the reference.
    RefNotPermitted,
    /// A reference to something that is no Service.
    InvalidKind,
}

impl RouteCondition {
    pub(super) fn holds(condition_type: RouteConditionType, reason: RouteConditionReason) -> Self {
        Self { condition_type, status: true, reason, message: String::new() }
    }

    pub(super) const fn fails(
        condition_type: RouteConditionType,
        reason: RouteConditionReason,
        message: String,
    ) -> Self {
        Self { condition_type, status: false, reason, message }
    }
}

impl RouteStatus {
    /// The condition of that type.
    #[must_use]
    pub fn condition(&self, condition_type: RouteConditionType) -> Option<&RouteCondition> {
        self.conditions.iter().find(|condition| condition.condition_type == condition_type)
    }

    /// True where the parent takes the route.
    #[must_use]
    pub fn accepted(&self) -> bool {
        self.condition(RouteConditionType::Accepted).is_some_and(|condition| condition.status)
    }
}
