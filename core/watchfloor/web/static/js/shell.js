// What makes the shell quicker to use; without it everything is a link, a form or a menu that opens.

import "./announce.js";
import "./clock.js";
import "./help.js";
import "./keys.js";
import "./menus.js";
