//! Request methods as one byte, and sets of them as sixteen bits.

/// A request method. Methods outside the nine standard ones match only rules for any method.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
#[expect(clippy::exhaustive_enums, reason = "RFC 9110 methods and PATCH; anything else is Other")]
pub enum Method {
    /// `GET`.
    Get,
    /// `HEAD`.
    Head,
    /// `POST`.
    Post,
    /// `PUT`.
    Put,
    /// `DELETE`.
    Delete,
    /// `CONNECT`.
    Connect,
    /// `OPTIONS`.
    Options,
    /// `TRACE`.
    Trace,
    /// `PATCH`.
    Patch,
    /// Any method that is none of the above.
    Other,
}

impl Method {
    /// All methods that have a name, in the order of their numbers.
    pub const NAMED: [(Self, &'static str); 9] = [
        (Self::Get, "GET"),
        (Self::Head, "HEAD"),
        (Self::Post, "POST"),
        (Self::Put, "PUT"),
        (Self::Delete, "DELETE"),
        (Self::Connect, "CONNECT"),
        (Self::Options, "OPTIONS"),
        (Self::Trace, "TRACE"),
        (Self::Patch, "PATCH"),
    ];

    /// The method of that exact name (methods are case-sensitive); `Other` where there is none.
    #[must_use]
    pub fn from_name(name: &[u8]) -> Self {
        Self::NAMED
            .iter()
            .find(|(_, known)| known.as_bytes() == name)
            .map_or(Self::Other, |&(method, _)| method)
    }

    /// The method of that number; `Other` where there is none.
    #[must_use]
    pub fn from_number(number: u32) -> Self {
        usize::try_from(number)
            .ok()
            .and_then(|at| Self::NAMED.get(at))
            .map_or(Self::Other, |&(method, _)| method)
    }

    /// The set that holds only this method.
    #[must_use]
    pub const fn bit(self) -> MethodSet {
        MethodSet(1 << (self as u16))
    }
}

/// A set of methods, one bit each.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct MethodSet(pub u16);

impl MethodSet {
    /// No method: in a match it means "not asked".
    pub const NONE: Self = Self(0);
    /// Every method, `Other` too.
    pub const ANY: Self = Self(0x03ff);
    /// Methods whose repetition has the effect of one (RFC 9110 §9.2.2), without `CONNECT`.
    pub const IDEMPOTENT: Self = Self(
        Method::Get.bit().0
            | Method::Head.bit().0
            | Method::Put.bit().0
            | Method::Delete.bit().0
            | Method::Options.bit().0
            | Method::Trace.bit().0,
    );

    /// True where `method` is in the set.
    #[must_use]
    pub const fn contains(self, method: Method) -> bool {
        self.0 & method.bit().0 != 0
    }

    /// Both sets together.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_agree_and_case_counts() {
        for (number, (method, name)) in Method::NAMED.into_iter().enumerate() {
            assert_eq!(Method::from_name(name.as_bytes()), method);
            assert_eq!(Method::from_number(number as u32), method);
        }
        assert_eq!(Method::from_name(b"get"), Method::Other);
        assert_eq!(Method::from_number(77), Method::Other);
        assert!(MethodSet::ANY.contains(Method::Other));
        assert!(!MethodSet::IDEMPOTENT.contains(Method::Post));
    }
}
