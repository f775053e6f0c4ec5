/** Markdown as Temporal's UI shows it: current details, and what a workflow was started as. Pure. */

/** Text from outside is no Markdown. */
export const plain = (text: string) => text.replace(/[\\`*<[\]]/g, '\\$&');

/** The UI's frame for Markdown is a line too short in version 2.42: the last one is to be spared. */
const SPARE_LINE = '\u00a0';

/** Commands stand out, to be copied, and instants are read without a T; both stand in sentences that the command line prints as well. */
export const forPeople = (markdown: string): string =>
  `${markdown
    .replace(/(: |\()((?:bunq-keeper|echo) .*?)(?=\)|, then: |$)/gm, '$1`$2`')
    .replace(/\b(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z/g, '$1 $2 UTC')}\n\n${SPARE_LINE}`;
