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
    let sends: Vec<_> = found.operations.iter().filter(|o| !o.fetch).map(|o| o.place.line).collect();
    assert_eq!(sends, [Some(13)]);
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

fn cell(lines: &str) -> String {
    format!(
        "{{\"cells\": [{{\"cell_type\": \"code\", \"source\": [\n{lines}\n]}}], \"metadata\": {{}}, \"nbformat\": 4}}"
    )
}

#[test]
fn lines_and_cells_for_the_shell_are_read_as_scripts() {
    let told = |lines: &str| {
        let found = read(&cell(lines)).unwrap();
        let lines: Vec<_> = found.operations.iter().filter_map(|o| o.place.line).collect();
        (found.kind, found.verdict.name(), lines)
    };
    let is = |verdict, line| ("notebook".to_owned(), verdict, vec![line]);
    assert_eq!(told("\"!cloudflared tunnel \\\\\\n\",\n\"  --url http://localhost:8188\""), is("remote", 2));
    assert_eq!(told("\"x = 1\\n\",\n\"!python launch.py --share\""), is("remote", 3));
    let curl = "curl -d x https://api.openai.com/v1/images/generations";
    assert_eq!(told(&format!("\"%%bash\\n\",\n\"echo\\n\",\n\"{curl}\"")), is("remote", 4));
    assert!(read(&cell("\"!ls\"")).is_none());
}

#[test]
fn a_cell_that_times_or_captures_is_python_all_the_same() {
    for magic in ["%%capture", "%%time"] {
        let lines = format!(
            "\"{magic}\\n\",\n\"import replicate\\n\",\n\"replicate.run('m', input={{'prompt': 'x'}})\""
        );
        assert_eq!(read(&cell(&lines)).unwrap().verdict, Verdict::Remote, "{magic}");
    }
}

#[test]
fn a_key_set_for_the_notebook_is_named_and_not_told() {
    let found = read(&cell("\"%env REPLICATE_API_TOKEN=r8_hunter2hunter2\"")).unwrap();
    assert_eq!(found.verdict, Verdict::RemoteCapable);
    assert_eq!(found.assets[0].name, "REPLICATE_API_TOKEN");
    assert!(!format!("{found:?}").contains("hunter2"));
}
