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

#[test]
fn lines_and_cells_for_the_shell_are_command_lines() {
    let text = r##"{"nbformat": 4, "metadata": {}, "cells": [
{"cell_type": "code", "source": [
"import torch\n",
"!python launch.py \\\n",
"   --share\n",
"%env GRADIO_SHARE=True\n",
"%pip install openai\n",
"if torch:\n",
"  !{sys.executable} -m pip install replicate\n",
"%matplotlib inline\n"]},
{"cell_type": "code", "source": ["%%bash\n",
"curl -T out.png https://transfer.sh/out.png\n"]}]}"##;
    let found = read(text).unwrap();
    assert_eq!((found.verdict, found.notes.as_slice()), (Verdict::Remote, [].as_slice()));
    let places = |id: &str| {
        let of = found.operations.iter().filter(|o| o.id == id);
        of.map(|o| (o.place.line.unwrap(), o.route.join(">"))).collect::<Vec<_>>()
    };
    assert_eq!(places("--share"), [(5, "gradio-share".to_owned())]);
    assert_eq!(places("curl").len(), 1, "{:?}", found.operations);
    assert_eq!(places("curl")[0].0, 12);
    let packages: Vec<_> = found.assets.iter().map(|a| a.name.as_str()).collect();
    assert!(packages.contains(&"openai") && packages.contains(&"replicate"), "{packages:?}");
    let cut = text.replace("]}]}", "");
    assert_eq!(read(&cut).unwrap().verdict, Verdict::Undetermined);
}
