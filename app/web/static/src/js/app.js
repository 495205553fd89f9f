// Starts the scripts of all pages. Every page loads this; each part searches the page for its own attributes.
import { startAmounts } from "./amounts.js";
import { startBundleForms } from "./bundle-form.js";
import { startConversation } from "./conversation.js";
import { startCopyLinks } from "./copy-links.js";
import { startCounters } from "./counters.js";
import { startCrops } from "./crop.js";
import { find } from "./dom.js";
import { startDrafts } from "./drafts.js";
import { startFormParts } from "./form-parts.js";
import { startLocalTimes } from "./local-times.js";
import { startMenus } from "./menus.js";
import { startPasswords } from "./passwords.js";
import { startPickers } from "./pickers.js";
import { startProposalsSeen } from "./proposals-seen.js";
import { startSubmitOnce } from "./submit-once.js";
import { startSuggestions } from "./suggestions.js";
import { startThemes } from "./theme.js";
import { startUploads } from "./uploads.js";

startThemes();
startMenus();
startCopyLinks();
find(document, "[data-focus]")?.focus();
startLocalTimes();
startCounters();
startAmounts();
startPasswords();
startPickers();
startFormParts();
// After what sends a form by itself, because it lets such a submission pass.
startSubmitOnce();
// After the pickers, which a restored draft changes.
startDrafts();
startSuggestions();
startUploads();
startProposalsSeen();
startCrops();
startBundleForms();
startConversation();
