/** The shape of a language tag by BCP 47, such as `en-AU`: whether somebody speaks it is another question. */
export const LOCALE_TAG = /^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,4}$/;
