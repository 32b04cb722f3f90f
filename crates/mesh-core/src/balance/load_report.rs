//! The `endpoint-load-metrics` response header (ORCA), text and JSON.
//!
//! A value comes from another program: the parser is one pass over at most [`BYTES_MAX`] bytes,
//! keeps nothing on the heap and cannot fail in any way but [`None`]. Metrics this brain does not
//! weigh (memory, named metrics, unknown names) must be well formed and are skipped. The binary
//! format is refused.

mod decimal;

use decimal::Cursor;

/// The longest header value read; a report of the four known metrics has about 100 bytes.
pub const BYTES_MAX: usize = 4_096;

/// What an endpoint says about itself; every number is finite and not negative, 0 where unsaid.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "hosts with their own feed build it themselves")]
pub struct LoadReport {
    /// Share of the processor in use; 1.0 is all of it, and more is possible.
    pub cpu_utilization: f64,
    /// Utilisation as the application defines it; preferred to the processor's where above 0.
    pub application_utilization: f64,
    /// Requests per second.
    pub rps: f64,
    /// Errors per second.
    pub eps: f64,
}

impl LoadReport {
    /// Reads a header value: `TEXT name=number,…`, the same list without `TEXT`, or
    /// `JSON {"name": number, …}`. Case and underscores in names do not matter, so that both of
    /// protobuf's spellings are known. `None` for anything else.
    ///
    /// ```
    /// use mesh_core::balance::load_report::LoadReport;
    ///
    /// let report = LoadReport::parse(b"TEXT cpu_utilization=0.3,rps_fractional=12.5").unwrap();
    /// assert_eq!(report.rps, 12.5);
    /// assert_eq!(LoadReport::parse(b"TEXT cpu_utilization=high"), None);
    /// ```
    #[must_use]
    pub fn parse(value: &[u8]) -> Option<Self> {
        if value.len() > BYTES_MAX {
            return None;
        }
        if let Some(object) = value.strip_prefix(b"JSON ") {
            return Self::parse_list(object, Format::Json);
        }
        Self::parse_list(value.strip_prefix(b"TEXT ").unwrap_or(value), Format::Text)
    }

    /// The utilisation to weigh by.
    #[must_use]
    pub fn utilization(&self) -> f64 {
        if self.application_utilization > 0.0 {
            self.application_utilization
        } else {
            self.cpu_utilization
        }
    }

    /// One loop for both formats: they differ in quotes and braces only.
    fn parse_list(list: &[u8], format: Format) -> Option<Self> {
        let mut report = Self::default();
        let mut cursor = Cursor::new(list);
        let json = matches!(format, Format::Json);
        // Braces open around the cursor: 1 in a JSON object, 2 in a map of named metrics.
        let mut depth = 0_u8;
        let mut opens = json;
        loop {
            if opens {
                depth = depth.saturating_add(1);
                if depth > 2 || !cursor.take(b'{') {
                    return None;
                }
            }
            if !(opens && cursor.is_next(b'}')) {
                let quoted = !json || cursor.take(b'"');
                let name = cursor.name();
                let closed = if json { cursor.take(b'"') } else { !name.is_empty() };
                if !quoted || !closed || !cursor.take(if json { b':' } else { b'=' }) {
                    return None;
                }
                opens = json && cursor.is_next(b'{');
                if opens {
                    continue;
                }
                let value = cursor.number()?;
                if depth < 2 {
                    report.set(name, value);
                }
            }
            opens = false;
            while depth > 0 && cursor.take(b'}') {
                depth = depth.saturating_sub(1);
            }
            if cursor.is_empty() {
                return (depth == 0).then_some(report);
            }
            if (json && depth == 0) || !cursor.take(b',') {
                return None;
            }
        }
    }

    fn set(&mut self, name: &[u8], value: f64) {
        // The name's spellings differ in case and underscores only.
        let is = |known: &[u8]| {
            let letters = name.iter().filter(|byte| **byte != b'_').map(u8::to_ascii_lowercase);
            letters.eq(known.iter().copied())
        };
        if is(b"cpuutilization") {
            self.cpu_utilization = value;
        } else if is(b"applicationutilization") {
            self.application_utilization = value;
        } else if is(b"rpsfractional") {
            self.rps = value;
        } else if is(b"eps") {
            self.eps = value;
        }
    }
}

#[derive(Clone, Copy)]
enum Format {
    Text,
    Json,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn report(cpu: f64, application: f64, rps: f64, eps: f64) -> LoadReport {
        let (cpu_utilization, application_utilization) = (cpu, application);
        LoadReport { cpu_utilization, application_utilization, rps, eps }
    }

    #[test]
    fn text_with_and_without_its_prefix() {
        let full =
            b"TEXT cpu_utilization=0.3,application_utilization=0.2,rps_fractional=12.5,eps=1";
        assert_eq!(LoadReport::parse(full), Some(report(0.3, 0.2, 12.5, 1.0)));
        assert_eq!(LoadReport::parse(b"cpu_utilization=0.3"), Some(report(0.3, 0.0, 0.0, 0.0)));
        assert_eq!(
            LoadReport::parse(b"mem_utilization=1, named_metrics.queue-depth=5 , eps=2.5e1"),
            Some(report(0.0, 0.0, 0.0, 25.0))
        );
    }

    #[test]
    fn json_in_both_spellings() {
        let snake = br#"JSON {"cpu_utilization":0.3,"rps_fractional":12.5,"eps":1}"#;
        assert_eq!(LoadReport::parse(snake), Some(report(0.3, 0.0, 12.5, 1.0)));
        let camel = br#"JSON { "cpuUtilization" : 3e-1 , "applicationUtilization":2 } "#;
        assert_eq!(LoadReport::parse(camel), Some(report(0.3, 2.0, 0.0, 0.0)));
        let named = br#"JSON {"named_metrics":{"a":1,"b":2},"utilization":{},"eps":4}"#;
        assert_eq!(LoadReport::parse(named), Some(report(0.0, 0.0, 0.0, 4.0)));
        assert_eq!(LoadReport::parse(b"JSON {}"), Some(report(0.0, 0.0, 0.0, 0.0)));
    }

    #[test]
    fn malformed_is_none() {
        for value in [
            &b""[..],
            b"TEXT",
            b"TEXT ",
            b"BIN AAAA",
            b"cpu_utilization",
            b"cpu_utilization=",
            b"=1",
            b"cpu_utilization=-1",
            b"cpu_utilization=nan",
            b"cpu_utilization=inf",
            b"cpu_utilization=1e999",
            b"cpu_utilization=1,",
            b"cpu_utilization=1;eps=2",
            b"cpu_utilization=1.2.3",
            b"JSON ",
            b"JSON {",
            b"JSON }",
            b"JSON []",
            b"JSON {\"eps\"}",
            b"JSON {\"eps\":}",
            b"JSON {\"eps\":1,}",
            b"JSON {\"eps\":1}}",
            b"JSON {\"eps\":\"1\"}",
            b"JSON {\"eps\":null}",
            b"JSON {\"a\":{\"b\":{\"c\":1}}}",
            b"JSON {\"eps\":1",
            b"\xff\xfe=1",
        ] {
            assert_eq!(LoadReport::parse(value), None, "{}", value.escape_ascii());
        }
        assert_eq!(LoadReport::parse(&[b'1'; BYTES_MAX + 1]), None);
    }

    #[test]
    fn the_application_speaks_before_the_processor() {
        assert!((report(0.9, 0.2, 1.0, 0.0).utilization() - 0.2).abs() < 1e-12);
        assert!((report(0.9, 0.0, 1.0, 0.0).utilization() - 0.9).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(
            value in proptest::collection::vec(any::<u8>(), 0..200),
            prefix in prop::sample::select(&["", "TEXT ", "JSON ", "JSON {\""][..]),
        ) {
            let value = [prefix.as_bytes(), &value].concat();
            if let Some(report) = LoadReport::parse(&value) {
                for number in [report.utilization(), report.cpu_utilization, report.rps, report.eps] {
                    prop_assert!(number.is_finite() && number >= 0.0);
                }
            }
        }
    }
}
