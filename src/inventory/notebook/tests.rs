use crate::inventory::{Context, File, import, undeclared_locality};
use crate::model::inventory::{FileInventory, Verdict};
use crate::services::Services;

fn read(text: &str) -> Option<FileInventory> {
    let context = Context { services: Services::embedded().unwrap(), locality: &undeclared_locality };
    import(&File::new("a.ipynb", text.as_bytes()), &context)
}

const NOTEBOOK: &str = r##"{
 "cells": [
  {"cell_type": "markdown", "metadata": {}, "source": ["import replicate"]},
  {"cell_type": "code", "metadata": {}, "outputs": [], "source": [
    "!pip install openai\n",
    "from openai import OpenAI\n",
    "client = OpenAI()"
  ]},
  {"cell_type": "code", "metadata": {}, "outputs": [], "source": [
    "%%bash\n", "import openai\n"
  ]},
  {"cell_type": "code", "metadata": {}, "outputs": [], "source": [
    "client.images.generate(prompt='x')"
  ]}
 ],
 "metadata": {"language_info": {"name": "python"}, "colab": {}},
 "nbformat": 4, "nbformat_minor": 5
}"##;

#[test]
fn cells_are_one_program_on_the_lines_of_the_file() {
    let found = read(NOTEBOOK).unwrap();
    assert_eq!((found.kind.as_str(), found.verdict), ("notebook", Verdict::Remote));
    assert_eq!(found.operations.len(), 1);
    assert_eq!(found.operations[0].place.line, Some(13));
    assert!(found.notes.iter().any(|n| n.contains("Colab")), "{:?}", found.notes);
}

#[test]
fn other_languages_and_other_json_are_not_taken() {
    assert!(read(&NOTEBOOK.replace("\"python\"", "\"julia\"")).is_none());
    assert!(read(r#"{"cells": [], "nbformat": 4}"#).is_none());
}

#[test]
fn a_notebook_cut_short_is_undetermined() {
    let cut = NOTEBOOK.replace("\"nbformat_minor\": 5\n}", "");
    assert_eq!(read(&cut).unwrap().verdict, Verdict::Undetermined);
}
