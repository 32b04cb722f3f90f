//! Rows of fixed width, read in place.
//!
//! A Snapshot is used as the bytes it came as: a row is read from its bytes when it is asked for,
//! so that loading decodes nothing and takes one allocation, and the engine carries no decoder.
//! Only the fields that a caller uses are read. Integers are little-endian, as WebAssembly's
//! memory is.

use alloc::vec::Vec;
use core::marker::PhantomData;

use super::{
    sections::{Section, Sections, WINDOW},
    tables::{Rows, Text},
};
use crate::{
    breaker::BreakerConfig,
    method::MethodSet,
    retry::{
        RetryPolicy,
        backoff::RetryBackoff,
        budget::RetryBudgetConfig,
        conditions::{GrpcCodes, RetryConditions, RetryOn, StatusSet},
    },
    time::Micros,
};

/// A value of fixed width.
pub trait Word: Copy {
    /// Its width in bytes.
    const SIZE: usize;

    /// Appends it.
    fn put(self, out: &mut Vec<u8>);

    /// Takes it from the front of `bytes`; its zero where they are too short.
    fn take(bytes: &mut &[u8]) -> Self;
}

macro_rules! words {
    ($($int:ty),*) => {$(
        impl Word for $int {
            const SIZE: usize = size_of::<$int>();

            fn put(self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }

            #[inline(always)]
            fn take(bytes: &mut &[u8]) -> Self {
                let (chunk, rest) = match bytes.split_first_chunk() {
                    Some((chunk, rest)) => (*chunk, rest),
                    None => ([0; size_of::<$int>()], &[][..]),
                };
                *bytes = rest;
                <$int>::from_le_bytes(chunk)
            }
        }
    )*};
}
words!(u8, u16, u32, u64, f32);

macro_rules! wrapped {
    ($($name:ident($inner:ty)),*) => {$(
        impl Word for $name {
            const SIZE: usize = <$inner>::SIZE;

            fn put(self, out: &mut Vec<u8>) {
                self.0.put(out);
            }

            #[inline(always)]
            fn take(bytes: &mut &[u8]) -> Self {
                Self(<$inner>::take(bytes))
            }
        }
    )*};
}
wrapped!(Micros(u64), MethodSet(u16), RetryOn(u32), GrpcCodes(u32));

impl Word for StatusSet {
    const SIZE: usize = 64;

    fn put(self, out: &mut Vec<u8>) {
        for word in self.words() {
            word.put(out);
        }
    }

    #[inline(always)]
    fn take(bytes: &mut &[u8]) -> Self {
        let mut word = || u64::take(bytes);
        // written out, as a loop would be run even where nobody looks at the set
        Self::from_words([word(), word(), word(), word(), word(), word(), word(), word()])
    }
}

/// A group of settings as one field: its members in order.
macro_rules! group {
    ($name:ident { $($field:ident: $kind:ty),* $(,)? }) => {
        impl $crate::snapshot::row::Word for $name {
            const SIZE: usize = 0 $(+ <$kind as Word>::SIZE)*;

            fn put(self, out: &mut alloc::vec::Vec<u8>) {
                $(self.$field.put(out);)*
            }

            #[inline(always)]
            fn take(bytes: &mut &[u8]) -> Self {
                Self { $($field: <$kind as Word>::take(bytes),)* }
            }
        }
    };
}
pub(crate) use group;
group!(RetryPolicy {
    retries: u8,
    methods: MethodSet,
    conditions: RetryConditions,
    backoff: RetryBackoff,
});
group!(RetryConditions { on: RetryOn, statuses: StatusSet, grpc: GrpcCodes });
group!(RetryBackoff { base: Micros, max: Micros });
group!(RetryBudgetConfig { ttl: Micros, permille: u16, floor_per_second: u16 });
group!(BreakerConfig {
    consecutive_failures: u32,
    success_ratio_permille: u16,
    slow_call_after: Micros,
    slow_call_ratio_permille: u16,
    window: Micros,
    min_requests: u32,
    open_min: Micros,
    open_max: Micros,
    jitter_permille: u16,
    probes: u8,
});

macro_rules! spans {
    ($($name:ident),*) => {$(
        impl Word for $name {
            const SIZE: usize = 8;

            fn put(self, out: &mut Vec<u8>) {
                self.start.put(out);
                self.len.put(out);
            }

            #[inline(always)]
            fn take(bytes: &mut &[u8]) -> Self {
                Self { start: u32::take(bytes), len: u32::take(bytes) }
            }
        }
    )*};
}
spans!(Text, Rows);

/// A row: its fields one after another.
pub trait Row: Copy {
    /// Its width in bytes.
    const SIZE: usize;

    /// Appends it.
    fn write(&self, out: &mut Vec<u8>);

    /// Reads it.
    fn read(bytes: &[u8]) -> Self;
}

/// Defines a row once: the struct, and its fields in order as its byte form.
macro_rules! record {
    ($(#[$meta:meta])* $vis:vis struct $name:ident {
        $($(#[$field_meta:meta])* $field_vis:vis $field:ident: $kind:ty,)*
    }) => {
        $(#[$meta])*
        $vis struct $name {
            $($(#[$field_meta])* $field_vis $field: $kind,)*
        }

        impl $crate::snapshot::row::Row for $name {
            const SIZE: usize = 0 $(+ <$kind as $crate::snapshot::row::Word>::SIZE)*;

            fn write(&self, out: &mut alloc::vec::Vec<u8>) {
                $($crate::snapshot::row::Word::put(self.$field, out);)*
            }

            #[inline(always)]
            fn read(mut bytes: &[u8]) -> Self {
                Self { $($field: $crate::snapshot::row::Word::take(&mut bytes),)* }
            }
        }

        const _: () = {
            use $crate::snapshot::row::{View, Word};

            /// Where each field stands.
            #[repr(C)]
            struct Layout {
                $($field: [u8; <$kind as Word>::SIZE],)*
            }

            impl View<'_, $name> {
                $(
                    $(#[$field_meta])*
                    #[must_use]
                    #[inline(always)]
                    pub fn $field(self) -> $kind {
                        self.field(core::mem::offset_of!(Layout, $field))
                    }
                )*
            }
        };
    };
}
pub(crate) use record;

/// A row where it stands: only the field that is asked for is read.
#[derive(Debug)]
pub struct View<'a, T> {
    window: &'a [u8; WINDOW],
    kind: PhantomData<T>,
}

impl<T> Clone for View<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for View<'_, T> {}

impl<T> View<'_, T> {
    #[inline(always)]
    pub(crate) fn field<W: Word>(self, at: usize) -> W {
        W::take(&mut self.window.get(at..).unwrap_or(&[]))
    }
}

/// The rows of one table.
#[derive(Debug)]
pub struct Table<'a, T> {
    sections: &'a Sections,
    section: Section,
    kind: PhantomData<T>,
}

impl<T> Clone for Table<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Table<'_, T> {}

impl<'a, T: Row> Table<'a, T> {
    pub(super) const fn new(sections: &'a Sections, section: Section) -> Self {
        Self { sections, section, kind: PhantomData }
    }

    /// Number of rows.
    #[must_use]
    pub fn len(self) -> u32 {
        self.sections.rows(self.section)
    }

    /// True where there is none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Row `number`.
    #[must_use]
    #[inline(always)]
    pub fn get(self, number: u32) -> Option<T> {
        // the window's constant width lets the compiler read each field without a check of its own
        let window = self.sections.row(self.section, number)?;
        Some(T::read(window))
    }

    /// Row `number`, to read single fields of.
    #[must_use]
    #[inline(always)]
    pub fn view(self, number: u32) -> Option<View<'a, T>> {
        Some(View { window: self.sections.row(self.section, number)?, kind: PhantomData })
    }

    /// [`Table::view`] for the few places that a request passes many times.
    #[inline(always)]
    pub(crate) fn view_here(self, number: u32) -> Option<View<'a, T>> {
        let window = self.sections.row_here(self.section, number)?;
        Some(View { window, kind: PhantomData })
    }

    /// All rows.
    pub fn iter(self) -> impl Iterator<Item = T> + 'a
    where
        T: 'a,
    {
        (0..self.len()).map_while(move |number| self.get(number))
    }

    /// The rows of a run, to read single fields of.
    pub fn views(self, rows: Rows) -> impl Iterator<Item = View<'a, T>>
    where
        T: 'a,
    {
        rows.numbers().map_while(move |number| self.view(number))
    }

    /// The rows of a run.
    pub fn run(self, rows: Rows) -> impl Iterator<Item = T> + 'a
    where
        T: 'a,
    {
        rows.numbers().map_while(move |number| self.get(number))
    }
}
