//! One declaration of an object: its struct, decoder, schema and TypeScript.

/// Declares an object of the document.
///
/// `required` fields come first, then `optional` ones, each `"jsonName" => rust_name: Type`. An
/// optional field becomes an `Option`; a value after `=` is its default as the schema shows it.
/// `else default` lets the default stand in for an unreadable item of a list or a map.
macro_rules! object {
    (
        $(#[$meta:meta])*
        pub struct $name:ident is $what:literal $(, else $stand_in:ident)? {
            $(required {
                $($(#[$required_meta:meta])* $required_key:literal => $required:ident: $required_type:ty,)*
            })?
            optional {
                $($(#[$meta_of:meta])* $key:literal => $field:ident: $type:ty $(= $default:expr)?,)*
            }
        }
    ) => {
        #[derive(Clone, Debug, PartialEq, serde::Serialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[cfg_attr(feature = "typescript", derive(tsify::Tsify), tsify(hashmap_as_object))]
        #[serde(deny_unknown_fields)]
        $(#[$meta])*
        pub struct $name {
            $($(
                $(#[$required_meta])*
                #[serde(rename = $required_key)]
                pub $required: $required_type,
            )*)?
            $(
                $(#[$meta_of])*
                $(#[cfg_attr(feature = "schema", schemars(extend("default" = $default)))])?
                #[serde(rename = $key, skip_serializing_if = "Option::is_none")]
                pub $field: Option<$type>,
            )*
        }

        impl $crate::decode::Decode for $name {
            fn expected() -> String {
                $what.to_owned()
            }

            $(fn stand_in() -> Option<Self> {
                Some(Self::$stand_in())
            })?

            fn decode(
                node: &$crate::node::Node,
                at: &mut $crate::decode::Cursor,
            ) -> Option<Self> {
                let known = [$($($required_key,)*)? $($key,)*];
                let fields = $crate::decode::Fields::of::<Self>(node, &known, at)?;
                // every field is read before the first failure ends it, so that all errors show
                $($(let $required = fields.required::<$required_type>($required_key, at);)*)?
                $(let $field = fields.optional::<$type>($key, at);)*
                Some(Self { $($($required: $required?,)*)? $($field,)* })
            }
        }
    };
}
pub(crate) use object;
