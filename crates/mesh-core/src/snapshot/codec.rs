//! The Snapshot's byte form: one definition of each row serves writer and reader.
//!
//! Integers are LEB128 varints, so a small Snapshot is small without a compressor; tables are a
//! row count and the rows. A reader never trusts a length: counts are bounded before memory is
//! taken, and every failure is a [`SnapshotError`].

use alloc::vec::Vec;

use super::SnapshotError;
use crate::{limits::TABLE_ROWS_MAX, method::MethodSet, time::Micros};

/// Reads fields one after another.
#[derive(Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    fn varint(&mut self) -> Result<u64, SnapshotError> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.rest.split_first().ok_or(SnapshotError::Truncated)?;
            self.rest = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(SnapshotError::Malformed)
    }

    fn bytes(&mut self, count: usize) -> Result<&'a [u8], SnapshotError> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(SnapshotError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    fn count(&mut self) -> Result<usize, SnapshotError> {
        let count = self.varint()?;
        if count > u64::from(TABLE_ROWS_MAX) {
            return Err(SnapshotError::TooLarge);
        }
        usize::try_from(count).map_err(|_| SnapshotError::TooLarge)
    }
}

/// A value with one byte form.
pub trait Field: Sized {
    /// Appends the value.
    fn write(&self, out: &mut Vec<u8>);

    /// Reads the value back.
    ///
    /// # Errors
    /// [`SnapshotError`] where the bytes end or hold no such value.
    fn read(reader: &mut Reader<'_>) -> Result<Self, SnapshotError>;
}

impl Field for u64 {
    fn write(&self, out: &mut Vec<u8>) {
        let mut value = *self;
        while value >= 0x80 {
            out.push(u8::try_from(value & 0x7f).unwrap_or(0) | 0x80);
            value >>= 7;
        }
        out.push(u8::try_from(value).unwrap_or(0));
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        reader.varint()
    }
}

macro_rules! narrow {
    ($($int:ty),*) => {$(
        impl Field for $int {
            fn write(&self, out: &mut Vec<u8>) {
                u64::from(*self).write(out);
            }

            fn read(reader: &mut Reader<'_>) -> Result<Self, SnapshotError> {
                Self::try_from(reader.varint()?).map_err(|_| SnapshotError::Malformed)
            }
        }
    )*};
}
narrow!(u8, u16);

/// Row numbers: written plus one, so that `NONE` takes one byte.
impl Field for u32 {
    fn write(&self, out: &mut Vec<u8>) {
        u64::from(self.wrapping_add(1)).write(out);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        let above = Self::try_from(reader.varint()?).map_err(|_| SnapshotError::Malformed)?;
        Ok(above.wrapping_sub(1))
    }
}

impl Field for f32 {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_le_bytes());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        let bytes = reader.bytes(4)?.try_into().map_err(|_| SnapshotError::Truncated)?;
        Ok(Self::from_le_bytes(bytes))
    }
}

impl Field for Micros {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        reader.varint().map(Self)
    }
}

impl Field for MethodSet {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        u16::read(reader).map(Self)
    }
}

/// A table: its row count, then its rows.
impl<T: Field> Field for Vec<T> {
    fn write(&self, out: &mut Vec<u8>) {
        u64::try_from(self.len()).unwrap_or(u64::MAX).write(out);
        for row in self {
            row.write(out);
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        let count = reader.count()?;
        // each row takes a byte at least, so a false count cannot ask for more memory than bytes
        if count > reader.rest.len() {
            return Err(SnapshotError::Truncated);
        }
        let mut rows = Self::with_capacity(count);
        for _ in 0..count {
            rows.push(T::read(reader)?);
        }
        Ok(rows)
    }
}

/// A pool of raw bytes: its length, then the bytes as they are.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Pool(pub Vec<u8>);

impl Field for Pool {
    fn write(&self, out: &mut Vec<u8>) {
        u64::try_from(self.0.len()).unwrap_or(u64::MAX).write(out);
        out.extend_from_slice(&self.0);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        let count = reader.count()?;
        reader.bytes(count).map(|bytes| Self(bytes.to_vec()))
    }
}

/// Defines a row once: the struct, and its byte form as its fields in order.
macro_rules! record {
    ($(#[$meta:meta])* $vis:vis struct $name:ident {
        $($(#[$field_meta:meta])* $field_vis:vis $field:ident: $kind:ty,)*
    }) => {
        $(#[$meta])*
        $vis struct $name {
            $($(#[$field_meta])* $field_vis $field: $kind,)*
        }

        impl $crate::snapshot::codec::Field for $name {
            fn write(&self, out: &mut alloc::vec::Vec<u8>) {
                $($crate::snapshot::codec::Field::write(&self.$field, out);)*
            }

            fn read(
                reader: &mut $crate::snapshot::codec::Reader<'_>,
            ) -> Result<Self, $crate::snapshot::SnapshotError> {
                Ok(Self { $($field: $crate::snapshot::codec::Field::read(reader)?,)* })
            }
        }
    };
}
pub(crate) use record;
