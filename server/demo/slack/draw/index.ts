export { drawMessages, type DrawnMessage, type MessagesOptions } from './messages';
export { NOBODY, namesOf, type Names } from './names';
export { drawHome, drawView } from './view';
export { drawChannel, drawIndex, drawPerson, drawWorkspace, type LiveOptions } from './workspace';
