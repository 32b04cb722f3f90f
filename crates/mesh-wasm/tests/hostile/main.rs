//! No arguments make a call trap: wrong numbers, wrong lengths, spent tickets, at random.
//!
//! A trap would end the whole binary, so these tests fail by it. They share one instance, whose
//! time may be anything after the first of them: what needs an orderly clock is in `engine`.
#![cfg(all(target_arch = "wasm32", feature = "engine"))]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    clippy::cast_possible_wrap,
    clippy::float_cmp,
    reason = "tests may fail loudly, and wild numbers are what they are for"
)]

#[path = "../engine/host.rs"]
#[expect(dead_code, reason = "shared with the tests of the engine, which use all of it")]
mod host;

use mesh_wasm::engine::{
    abi::{ask, given, out, step, tell},
    exports,
};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::host::NOW;

const CALLS: u32 = 20_000;

const DOCUMENT: &str = r#"{ "services": { "hostile-a": { "endpoints": ["https://a.example", "binding:B", "local:c"], "retries": 3, "breaker": { "consecutiveFailures": 2, "slowCall": { "after": 10, "ratio": 0.5 } } },
      "hostile-b": { "endpoints": ["https://d.example", { "address": "https://e.example", "region": "apac" }], "loadBalancer": "geographic", "slowStart": "10s" },
      "hostile-c": { "endpoints": ["https://f.example", "https://g.example"], "loadBalancer": "adaptive" } },
    "routing": { "rules": [ { "path": "/a/{x}/*", "service": "hostile-a", "headers": { "x-a": "1" } }, { "path": { "type": "RegularExpression", "value": "/b.*" }, "service": "hostile-b", "query": { "q": true } },
      { "path": "/r/*", "filters": [{ "redirect": { "path": { "prefix": "/s" } } }] },
      { "backends": ["hostile-c", { "service": "hostile-a", "weight": 3 }], "filters": [{ "rewrite": { "path": { "prefix": "/p" } } }] } ] } }"#;

/// Numbers that are all over the place, and often on an edge.
struct Wild(u64);

impl Wild {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn word(&mut self) -> u32 {
        const EDGES: [u32; 8] = [0, 1, 2, 0x7fff_ffff, 0x8000_0000, u32::MAX, 0xffff, 4096];
        match self.next() % 3 {
            0 => EDGES[(self.next() % 8) as usize],
            1 => (self.next() % 40) as u32,
            _ => self.next() as u32,
        }
    }

    fn float(&mut self) -> f64 {
        const EDGES: [f64; 9] = [
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            -0.0,
            -1.0,
            f64::MAX,
            f64::MIN_POSITIVE,
            1e300,
            -1e18,
        ];
        match self.next() % 3 {
            0 => EDGES[(self.next() % 9) as usize],
            1 => (self.next() % 100_000) as f64,
            _ => f64::from_bits(self.next()),
        }
    }

    fn bytes(&mut self, most: u64) -> Vec<u8> {
        const ALPHABET: &[u8] = b"/a.b%2f?&=*{}\n GETPOST,:\\\xff\x00x-a1";
        let len = self.next() % most;
        (0..len).map(|_| ALPHABET[(self.next() % ALPHABET.len() as u64) as usize]).collect()
    }

    fn length(&mut self) -> usize {
        self.word() as usize
    }
}

/// What holds after any call: the engine answers, with slots in their place.
fn alive() {
    assert_eq!(host::tables()["services"].as_array().unwrap().len(), 3);
    assert!(host::slot(out::TEXT_LEN) >= 0);
}

#[wasm_bindgen_test]
fn begin_takes_anything() {
    host::load(DOCUMENT);
    let table = host::handlers("/h/{id}\nGET /a/*");
    let mut wild = Wild(1);
    for _ in 0..CALLS {
        let bytes = wild.bytes(200);
        host::write(&[b"/".as_slice(), &bytes].concat());
        for slot in given::TARGET..=given::REMAINING_MS {
            host::set([(slot, wild.word() as i32)]);
        }
        if wild.next().is_multiple_of(2) {
            host::set([
                (given::TARGET, table),
                (given::HOST, (wild.next() % 4) as i32),
                (given::PATH, bytes.len() as i32),
            ]);
        }
        let next = exports::engine_begin(wild.float());
        assert!(next <= step::LOCAL || next == step::FLAG);
        if next == step::SEND {
            exports::engine_tell(tell::ABANDON, f64::from(host::ticket()), wild.float());
        }
    }
    alive();
}

#[wasm_bindgen_test]
fn resume_takes_anything() {
    host::load(DOCUMENT);
    let mut wild = Wild(2);
    let mut tickets = vec![0u32];
    for _ in 0..CALLS {
        if wild.next().is_multiple_of(4)
            && host::begin(-2 - (wild.next() % 3) as i32, "", "/", wild.float()) == step::SEND
        {
            tickets.push(host::ticket());
        }
        let at = (wild.next() % tickets.len() as u64) as usize;
        let ticket = if wild.next().is_multiple_of(8) { wild.word() } else { tickets[at] };
        host::write(&wild.bytes(64));
        for slot in given::STATUS..=given::AGAIN {
            host::set([(slot, wild.word() as i32)]);
        }
        host::set([(given::TICKET, ticket as i32), (given::OUTCOME, (wild.word() % 9) as i32)]);
        let next = exports::engine_resume(wild.float());
        assert!(next <= step::RESPOND || next == step::PENDING, "{next}");
        if next == step::SEND || next == step::WAIT {
            tickets[at] = host::ticket();
        }
    }
    alive();
}

#[wasm_bindgen_test]
fn ask_and_tell_take_anything() {
    host::load(DOCUMENT);
    let mut wild = Wild(3);
    for _ in 0..CALLS {
        let (what, index) = (wild.word() % 40, wild.float());
        let _answer = exports::engine_ask(what, index);
        let saying = wild.word() % 12;
        if saying != tell::LISTEN {
            exports::engine_tell(saying, wild.float(), wild.float());
        }
    }
    alive();
}

#[wasm_bindgen_test]
fn handlers_take_anything() {
    host::load(DOCUMENT);
    let mut wild = Wild(4);
    for _ in 0..2_000 {
        let bytes = wild.bytes(40);
        let written = host::write(&bytes);
        let len = if wild.next().is_multiple_of(4) { wild.length() } else { written };
        let table = exports::engine_handlers(len);
        if table < 0 {
            assert!(!host::text().is_empty());
        }
    }
    alive();
}

#[wasm_bindgen_test]
fn load_takes_anything_and_serves_what_it_took() {
    let good = host::compile(DOCUMENT);
    let mut wild = Wild(5);
    for _ in 0..2_000 {
        let mut bytes = good.clone();
        for _ in 0..=wild.next() % 8 {
            let at = (wild.next() % bytes.len() as u64) as usize;
            bytes[at] = wild.next() as u8;
        }
        bytes.truncate((wild.next() % (2 * good.len() as u64)).max(4) as usize);
        // with its checksum right, so that the body is what is looked at
        if let Some(body) = bytes.get(16..) {
            let hash = mesh_core::hash::xxh64(body, 0).to_le_bytes();
            bytes[8..16].copy_from_slice(&hash);
        }
        host::write(&bytes);
        let len = if wild.next().is_multiple_of(8) { wild.length() } else { bytes.len() };
        if exports::engine_load(len, wild.float()) == 0 {
            for target in [-1, -2, -3, -4] {
                for path in ["/", "/a/b/c", "/b", "/r/x"] {
                    if host::begin(target, "a.example", path, NOW) == step::SEND {
                        host::answer(host::ticket(), 503, NOW + 1.0);
                    }
                }
            }
            (0..ask::WORDS_AT).for_each(|what| {
                host::ask(what);
            });
        }
    }
    host::load(DOCUMENT);
    alive();
}

#[wasm_bindgen_test]
fn input_takes_anything() {
    host::load(DOCUMENT);
    let mut wild = Wild(6);
    for _ in 0..200 {
        let len = wild.length() % (1 << 20);
        assert_ne!(exports::engine_input(len), 0);
        assert_eq!(exports::engine_input(usize::MAX - len), 0);
    }
    assert_ne!(exports::engine_input(0), 0);
    alive();
}
