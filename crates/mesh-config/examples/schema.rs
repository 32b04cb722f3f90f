//! Prints the document's JSON Schema: `cargo run -p diddy-mesh-config --example schema`.
#![expect(clippy::print_stdout, reason = "printing is what it is for")]

fn main() -> Result<(), serde_json::Error> {
    print!("{}", mesh_config::schema::schema_json()?);
    Ok(())
}
